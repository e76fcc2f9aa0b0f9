/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A frame and what is noted about it on its way.
 *
 * An skb's address is used again at once when it is freed. So a stage takes an skb for the current frame only if
 * skb_iif, the device that received it last, fits too: an skb made on this host has 0 there. Its network namespace has
 * to fit as well: ports in two namespaces can have the same ifindex.
 */
#ifndef BRPATH_FRAME_BPF_H
#define BRPATH_FRAME_BPF_H

#include <stddef.h>

#include "account.bpf.h"
#include "conntrack.bpf.h"

enum { ETHERNET_HEADER = 14, VLAN_TAG = 4 };

/* Is this the namespace that was asked for? The loader lives in it, so that its address stays what it is. */
static __always_inline bool is_watched(__u64 net)
{
	struct net *unknown = (void *)net;

	if (control.net)
		return net == control.net;
	if (BPF_CORE_READ(unknown, ns.inum) != config.netns)
		return false;
	control.net = net;
	return true;
}

/* Is this port one of those that were asked for? */
static __always_inline bool is_wanted(const struct view *view)
{
	return is_watched(view->net) && (!config.bridge || bridge_of(view) == config.bridge);
}

/* A flooded frame's copies share skb->head with the frame that entered. */
static __always_inline bool is_same_packet(const struct brpath_frame *frame, const struct view *view)
{
	return frame->open && (frame->skb == view->skb || frame->head == view->head) && frame->net == view->net;
}

/* The current frame, still in layer 2. */
static __always_inline bool is_current_below(const struct brpath_frame *frame, const struct view *view)
{
	return is_same_packet(frame, view) && view->iif == frame->key.port_in;
}

/* Does this port belong to the bridge by whose port the frame has left before? */
static __always_inline bool is_same_bridge(const struct brpath_frame *frame, const struct view *view)
{
	return bridge_at(view->port_data) == bridge_at(frame->port);
}

/* In the host's stack, which received the frame from the bridge device, or from a VLAN device on top of that. */
static __always_inline bool is_above(const struct brpath_frame *frame, const struct view *view)
{
	struct brpath_stacked_key key = { .ifindex = view->iif, .vlan = BRPATH_STACKED_ABOVE };
	struct brpath_stacked *stacked;

	if (view->iif == frame->bridge)
		return true;
	if (!control.stacked || !view->iif)
		return false;
	stacked = bpf_map_lookup_elem(&stacked_devices, &key);
	return stacked && stacked->bridge == frame->bridge;
}

static __always_inline bool is_current_above(const struct brpath_frame *frame, const struct view *view)
{
	return is_same_packet(frame, view) && frame->facts.up && is_above(frame, view);
}

static __always_inline void fill_frame(struct brpath_frame *frame, const struct packet *packet, const struct view *view,
				       __u32 below_tags)
{
	struct brpath_facts facts = { .ip = is_ip(packet->ethertype) };

	frame->skb = view->skb;
	frame->head = view->head;
	frame->net = view->net;
	frame->facts = facts;
	frame->key.in = packet->tuple;
	frame->key.port_in = 0;
	frame->key.port_out = 0;
	frame->key.translation = 0;
	frame->key.cpu = bpf_get_smp_processor_id();
	frame->key.ethertype = packet->ethertype;
	frame->key.vlan = packet->vlan;
	frame->key.proto = packet->proto;
	frame->key.tag = packet->tag;
	frame->key.reason = 0;
	frame->key.quoted = packet->quoted;
	frame->drop = BRPATH_DROP_UNKNOWN;
	frame->bytes = ETHERNET_HEADER + view->l3_bytes - (below_tags == VLAN_TAG ? VLAN_TAG : 0);
	frame->bridge = 0;
	frame->direction = BRPATH_DIR_NONE;
	frame->tcp_flags = packet->tcp_flags;
	frame->icmp_type = packet->icmp_type;
	frame->has_l4 = packet->has_l4;
	frame->fragment = packet->fragment;
	frame->plain = packet->plain;
	frame->waits = 0;
	frame->gone = 0;
}

/* Nothing in the skb only means that conntrack does not have it now: what was seen before stays. */
static __always_inline void note_conntrack(struct brpath_frame *frame, const struct view *view)
{
	enum brpath_nfct nfct = nfct_state(view->nfct);

	if (nfct == BRPATH_NFCT_NONE) {
		if (frame->facts.nfct == BRPATH_NFCT_SEEN) /* its call has returned by now */
			frame->facts.nfct = BRPATH_NFCT_UNTRACKED;
		return;
	}
	frame->facts.nfct = nfct;
	frame->direction = nfct_direction(view->nfct);
}

static __always_inline void note_registration(struct brpath_cpu *cpu, struct brpath_frame *frame,
					      const struct view *view, __u32 generation)
{
	if (frame->facts.ip && frame->facts.nfct == BRPATH_NFCT_NONE)
		frame->facts.conntrack = conntrack_registered(cpu, view, frame->key.ethertype, generation);
}

/*
 * Conntrack does not have the frame: did br_netfilter hand it to the IP hooks at all? Nothing in the skb tells
 * any more when it leaves (br_nf_dev_queue_xmit() frees the bridge's extension), so the setting does.
 */
static __always_inline void note_hooked(struct brpath_cpu *cpu, struct brpath_frame *frame, const struct view *view)
{
	bool ipv6 = frame->key.ethertype == ETHERTYPE_IPV6;
	struct brpath_setting setting = control.setting[ipv6];

	if (!frame->facts.ip || frame->facts.nfct != BRPATH_NFCT_NONE || frame->facts.up)
		return;
	if (control.bridge_attributes && bridge_calls_ip(view, ipv6))
		setting.call = BRPATH_ANSWER_YES;
	frame->facts.hooked = brpath_is_hooked(frame->key.tag, &setting);
	frame->key.reason = brpath_classify_reason(frame->key.tag, &setting);
	if (frame->facts.hooked == BRPATH_ANSWER_YES)
		note_registration(cpu, frame, view, current_generation());
}

/* The current frame, if this is it and it has not left yet. */
static __always_inline struct brpath_frame *current_inside(struct brpath_cpu *cpu, const struct view *view)
{
	struct brpath_frame *frame = &cpu->frame;

	if (!is_current_below(frame, view) && !is_current_above(frame, view))
		return NULL;
	return frame->facts.ports_out ? NULL : frame;
}

#endif
