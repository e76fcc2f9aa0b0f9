/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of a frame: enter, seen by conntrack, confirmed, up, leave; or it waits, or dies. Stages note facts; the
 * frame is counted once, when the next one enters on its CPU, because only then it is known to have ended (the kernel
 * takes a frame from br_handle_frame() to its end on one CPU without a break, unless it has to wait: late.bpf.h). The
 * last one of each CPU is counted by the loader.
 */
#ifndef BRPATH_STAGES_BPF_H
#define BRPATH_STAGES_BPF_H

#include "frame.bpf.h"
#include "late.bpf.h"
#include "translation.bpf.h"

static __always_inline void handle_enter(struct brpath_cpu *cpu, const struct view *view)
{
	__u32 generation = current_generation();
	struct brpath_frame *frame = &cpu->frame;
	struct packet packet = {};
	__u32 below_tags;

	if (frame->open) {
		if (config.remember_ended)
			remember_ended(frame);
		account(cpu, frame, generation, 1);
	}
	below_tags = parse_packet(&packet, view);
	fill_frame(frame, &packet, view, below_tags);
	frame->facts.entered = 1;
	frame->key.port_in = view->ifindex;
	frame->generation = generation;
	frame->open = 1;
	cpu->totals[generation & 1].entered++;
}

/* view->ifindex is the bridge device here. */
static __always_inline void handle_up(struct brpath_cpu *cpu, const struct view *view)
{
	struct brpath_frame *frame = &cpu->frame;

	if (!is_current_below(frame, view))
		return;
	frame->facts.up = 1;
	frame->bridge = view->ifindex;
	frame->skb = view->skb;
	frame->head = view->head;
	if (frame->facts.ports_out)
		return; /* a broadcast, or a promiscuous bridge: what counts is how it left by the port */
	note_conntrack(frame, view);
	note_registration(cpu, frame, view, current_generation());
}

/* Conntrack is called for this skb. */
static __always_inline void handle_conntrack_begins(struct brpath_cpu *cpu, const struct view *view)
{
	struct brpath_frame *frame = current_inside(cpu, view);

	if (frame && frame->facts.nfct == BRPATH_NFCT_NONE)
		frame->facts.nfct = BRPATH_NFCT_SEEN;
}

/* Conntrack has had its turn with this skb; view->nfct is what it left. */
static __always_inline void handle_conntrack(struct brpath_cpu *cpu, const struct view *view)
{
	struct brpath_frame *frame = current_inside(cpu, view);

	if (!frame)
		return;
	if (frame->facts.nfct == BRPATH_NFCT_NONE)
		frame->facts.nfct = BRPATH_NFCT_SEEN;
	note_conntrack(frame, view);
}

/* The current frame is going to wait, for a verdict from user space or for its neighbour. */
static __always_inline void handle_wait(struct brpath_cpu *cpu, const struct view *view)
{
	struct brpath_frame *frame = current_inside(cpu, view);

	if (!frame || frame->skb != view->skb)
		return;
	note_conntrack(frame, view);
	frame->waits = 1;
	remember(frame);
}

/*
 * Netfilter dropped a frame that is still in layer 2: in the IP hooks, or in those of the bridge's own family? Behind
 * FORWARD its device is the port that it was to leave by, before that the bridge.
 */
static __always_inline void note_drop(struct brpath_frame *frame, struct sk_buff *skb)
{
	struct net_device *dev = skb->dev;

	if (frame->facts.up || !frame->facts.ip || !is_inside_ip_hooks(skb))
		return;
	frame->drop = BRPATH_DROP_IP_HOOKS;
	if (!is_bridge_device_probed(dev))
		frame->key.port_out = BPF_CORE_READ(dev, ifindex);
}

/*
 * The skb dies; what conntrack made of it is in it for the last time. Not so in the host's stack: a socket's protocol
 * has taken it out before.
 */
static __always_inline void handle_drop(struct brpath_cpu *cpu, const struct view *view, struct sk_buff *skb,
					bool by_netfilter)
{
	struct brpath_frame *frame = &cpu->frame;

	if (is_same_packet(frame, view)) {
		/* A copy of the frame shares its head; only the frame itself counts here. */
		if (frame->skb != view->skb || frame->facts.ports_out)
			return;
		if (is_current_below(frame, view) || (view->nfct && is_current_above(frame, view)))
			note_conntrack(frame, view);
		if (frame->waits)
			forget(frame);
		if (by_netfilter)
			note_drop(frame, skb);
		frame->gone = 1;
	} else if (enabled()) {
		drop_late(view);
	}
}

static __always_inline void handle_egress(struct brpath_cpu *cpu, const struct view *view)
{
	__u32 generation = current_generation();
	struct brpath_frame *frame = &cpu->late;
	struct packet packet = {};
	__u32 below_tags = parse_packet(&packet, view);

	fill_frame(frame, &packet, view, below_tags);
	frame->generation = generation;
	frame->key.port_out = view->ifindex;
	note_conntrack(frame, view);
	note_registration(cpu, frame, view, generation);
	account(cpu, frame, generation, 1);
	/* It may have entered by a port and waited, for its neighbour or on another CPU. */
	if (view->iif && connection_of(view) && (view->nfct & NFCT_INFO_MASK) == IP_CT_NEW) {
		read_conntrack_tuple(&packet.tuple, &frame->key, &connection_of(view)->tuplehash[0].tuple, false);
		report_translation(cpu, &frame->key, &packet.tuple, &frame->key.in);
	}
}

static __always_inline void handle_leave(struct brpath_cpu *cpu, const struct view *view)
{
	struct brpath_frame *frame = &cpu->frame;

	if (is_current_below(frame, view)) {
		if (frame->waits)
			forget(frame);
		if (frame->facts.ports_out == 0)
			note_way_out(cpu, frame, view);
		else if (view->ifindex == frame->key.port_out)
			return; /* br_netfilter cut a packet into fragments again: no copy */
		else if (!is_same_bridge(frame, view))
			return; /* the device below the port it left by is itself a port of another bridge */
		if (frame->facts.ports_out < 2)
			frame->facts.ports_out++;
	} else if (is_current_above(frame, view)) {
		if (frame->waits)
			forget(frame);
		if (!frame->facts.out_after_up && !frame->facts.ports_out)
			note_way_out(cpu, frame, view);
		frame->facts.out_after_up = 1;
	} else if (enabled() && !(view->iif && leave_late(cpu, view)) && is_wanted(view)) {
		handle_egress(cpu, view);
	}
}

/* A frame that went up leaves by a device that is no port: to another node or outside. */
static __always_inline void handle_left_elsewhere(struct brpath_cpu *cpu, const struct view *view)
{
	struct brpath_frame *frame = &cpu->frame;
	struct packet packet = {};

	if (frame->facts.ports_out || frame->facts.out_after_up)
		return;
	frame->gone = 1;
	note_conntrack(frame, view);
	if ((view->nfct & NFCT_INFO_MASK) != IP_CT_NEW)
		return;
	parse_again(&packet, frame, view);
	if (packet.proto == frame->key.proto && packet.has_l4 == frame->has_l4)
		report_translation(cpu, &frame->key, &frame->key.in, &packet.tuple);
}

/* The header on the other side of a connection is that of an answer to its reply. */
static __always_inline void handle_confirm(struct brpath_cpu *cpu, const struct view *view)
{
	struct brpath_frame *frame = &cpu->frame;
	struct brpath_tuple out;

	if (!connection_of(view) || !is_current_above(frame, view) || !frame->has_l4)
		return;
	read_conntrack_tuple(&out, &frame->key, &connection_of(view)->tuplehash[1].tuple, true);
	report_translation(cpu, &frame->key, &frame->key.in, &out);
}

#endif
