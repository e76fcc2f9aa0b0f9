/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of a frame: enter, seen by conntrack, confirmed, up, leave. Stages note facts; the frame is counted
 * once, when the next one enters on its CPU, because only then it is known to have ended (the kernel takes a
 * frame from br_handle_frame() to its end on one CPU without a break). The last one of each CPU is counted by
 * the loader.
 *
 * An skb's address is used again at once when it is freed. So a stage takes an skb for the current frame only if
 * skb_iif, the device that received it last, fits too: an skb made on this host has 0 there. Its network namespace has
 * to fit as well: ports in two namespaces can have the same ifindex.
 */
#ifndef BRPATH_STAGES_BPF_H
#define BRPATH_STAGES_BPF_H

#include <brpath/classify.h>

#include "account.bpf.h"
#include "conntrack.bpf.h"

enum { ETHERNET_HEADER = 14, VLAN_TAG = 4 };

/* Is this port one of those that were asked for? */
static __always_inline bool is_wanted(const struct view *view)
{
	return view->netns == config.netns && (!config.bridge || bridge_of(view) == config.bridge);
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

/* The current frame, in the host's stack, which received it from the bridge device. */
static __always_inline bool is_current_above(const struct brpath_frame *frame, const struct view *view)
{
	return is_same_packet(frame, view) && frame->facts.up && view->iif == frame->bridge;
}

static __always_inline void fill_frame(struct brpath_frame *frame, const struct packet *packet, const struct view *view,
				       __u32 below_tags)
{
	struct brpath_facts facts = { .ip = is_ip(packet->ethertype) };

	frame->skb = view->skb;
	frame->head = view->head;
	frame->net = view->net;
	frame->facts = facts;
	frame->out = packet->tuple;
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
	frame->bytes = ETHERNET_HEADER + view->l3_bytes - (below_tags == VLAN_TAG ? VLAN_TAG : 0);
	frame->bridge = 0;
	frame->direction = BRPATH_DIR_NONE;
	frame->tcp_flags = packet->tcp_flags;
	frame->icmp_type = packet->icmp_type;
	frame->has_l4 = packet->has_l4;
}

/* Nothing in the skb only means that conntrack does not have it now: what was seen before stays. */
static __always_inline void note_conntrack(struct brpath_frame *frame, const struct view *view)
{
	enum brpath_nfct nfct = nfct_state(view->nfct);

	if (nfct == BRPATH_NFCT_NONE)
		return;
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

static __always_inline void handle_enter(const struct view *view)
{
	__u32 generation = current_generation();
	struct brpath_cpu *cpu = this_cpu();
	struct packet packet = {};
	struct brpath_frame *frame;
	__u32 below_tags;

	if (!cpu)
		return;
	frame = &cpu->frame;
	if (frame->open)
		account(cpu, frame, generation);
	below_tags = parse_packet(&packet, view);
	fill_frame(frame, &packet, view, below_tags);
	frame->facts.entered = 1;
	frame->key.port_in = view->ifindex;
	frame->generation = generation;
	frame->open = 1;
	cpu->totals[generation & 1].entered++;
}

/* view->ifindex is the bridge device here. */
static __always_inline void handle_up(const struct view *view)
{
	struct brpath_cpu *cpu = this_cpu();
	struct brpath_frame *frame;

	if (!cpu)
		return;
	frame = &cpu->frame;
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

/* Conntrack has had its turn with this skb; view->nfct is what it left. */
static __always_inline void handle_conntrack(const struct view *view)
{
	struct brpath_cpu *cpu = this_cpu();
	struct brpath_frame *frame;

	if (!cpu)
		return;
	frame = &cpu->frame;
	if (!is_current_below(frame, view) && !is_current_above(frame, view))
		return;
	if (frame->facts.ports_out)
		return;
	frame->facts.nfct = BRPATH_NFCT_UNTRACKED; /* seen; unless it has an entry: */
	note_conntrack(frame, view);
}

static __always_inline bool is_same_tuple(const struct brpath_tuple *a, const struct brpath_tuple *b)
{
	const __u32 *x = (const void *)a;
	const __u32 *y = (const void *)b;
	__u32 difference = 0;
	int i;

#pragma unroll
	for (i = 0; i < (int)(sizeof(*a) / 4); i++)
		difference |= x[i] ^ y[i];
	return !difference;
}

/* Not zero. Tells two translations of one flow apart within one generation; the tuple itself is in the value. */
static __always_inline __u32 hash_tuple(const struct brpath_tuple *tuple)
{
	const __u32 *words = (const void *)tuple;
	__u32 hash = 2166136261u;
	int i;

#pragma unroll
	for (i = 0; i < (int)(sizeof(*tuple) / 4); i++)
		hash = (hash ^ words[i]) * 16777619u;
	return hash | 1;
}

/* The header that the current frame has by now. */
static __always_inline void parse_again(struct packet *packet, const struct brpath_frame *frame,
					const struct view *view)
{
	packet->ethertype = frame->key.ethertype;
	/* The network header of a PPPoE frame is PPPoE's, which is 6 bytes and 2 of PPP. */
	parse_ip(packet, view, view->l3_offset + (frame->key.tag == BRPATH_TAG_PPPOE ? 8 : 0));
}

/* The current frame leaves by a port for the first time. */
static __always_inline void handle_way_out(struct brpath_cpu *cpu, struct brpath_frame *frame, const struct view *view)
{
	struct packet packet = {};

	note_conntrack(frame, view);
	note_hooked(cpu, frame, view);
	frame->key.port_out = view->ifindex;
	parse_again(&packet, frame, view);
	/*
	 * A header that could not be read again says nothing. Neither does a fragment that leaves inside the packet
	 * that conntrack put together, with ports that it entered without; nor the other way round.
	 */
	if (packet.proto != frame->key.proto || packet.has_l4 != frame->has_l4 ||
	    is_same_tuple(&packet.tuple, &frame->key.in))
		return;
	frame->out = packet.tuple;
	frame->key.translation = hash_tuple(&packet.tuple);
}

/*
 * A connection's request enters with one header and goes on with another: told so that a pair has its server also
 * where that is not behind a port, or where the frame waited on the way. Until there is a reply every request says
 * so again; the last one of a CPU is not repeated.
 */
static __always_inline void report_translation(struct brpath_cpu *cpu, const struct brpath_flow_key *key,
					       const struct brpath_tuple *in, const struct brpath_tuple *out)
{
	__u32 hash = hash_tuple(in) * 31 + hash_tuple(out);
	__u32 generation = current_generation();
	struct brpath_record *record;

	if (hash == cpu->last_translation || is_same_tuple(out, in))
		return;
	record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
	if (!record) {
		cpu->totals[generation & 1].ring_full++;
		return;
	}
	__builtin_memset(record, 0, sizeof(*record));
	record->generation = generation;
	record->kind = BRPATH_RECORD_TRANSLATION;
	record->key = *key;
	record->key.in = *in;
	record->flow.out = *out;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	cpu->last_translation = hash;
}

/* One of conntrack's tuples, as the header of a frame in its direction or (reverse) of the answer to it. */
static __always_inline void read_conntrack_tuple(struct brpath_tuple *tuple, const struct brpath_flow_key *key,
						 struct nf_conntrack_tuple *from, bool reverse)
{
	__u8 icmp = key->proto == PROTO_ICMP || key->proto == PROTO_ICMPV6;
	void *source = reverse ? (void *)&from->dst.u3 : (void *)&from->src.u3;
	void *destination = reverse ? (void *)&from->src.u3 : (void *)&from->dst.u3;
	__u16 source_port = bpf_ntohs(BPF_CORE_READ(from, src.u.all));
	/* For ICMP the source's half is the identifier and the other one type and code. */
	__u16 destination_port = icmp ? source_port : bpf_ntohs(BPF_CORE_READ(from, dst.u.all));

	__builtin_memset(tuple, 0, sizeof(*tuple));
	if (key->ethertype == ETHERTYPE_IPV6) {
		bpf_probe_read_kernel(tuple->saddr, 16, source);
		bpf_probe_read_kernel(tuple->daddr, 16, destination);
	} else {
		bpf_probe_read_kernel(tuple->saddr, 4, source);
		bpf_probe_read_kernel(tuple->daddr, 4, destination);
	}
	tuple->sport = reverse ? destination_port : source_port;
	tuple->dport = reverse ? source_port : destination_port;
}

static __always_inline struct nf_conn *connection_of(const struct view *view)
{
	return (void *)(view->nfct & ~(__u64)NFCT_INFO_MASK);
}

static __always_inline void handle_egress(struct brpath_cpu *cpu, const struct view *view)
{
	__u32 generation = current_generation();
	struct brpath_frame frame = {};
	struct packet packet = {};
	__u32 below_tags = parse_packet(&packet, view);

	fill_frame(&frame, &packet, view, below_tags);
	frame.key.port_out = view->ifindex;
	note_conntrack(&frame, view);
	note_registration(cpu, &frame, view, generation);
	account(cpu, &frame, generation);
	/* It may have entered by a port and waited, for its neighbour or on another CPU. */
	if (view->iif && connection_of(view) && (view->nfct & NFCT_INFO_MASK) == IP_CT_NEW) {
		read_conntrack_tuple(&packet.tuple, &frame.key, &connection_of(view)->tuplehash[0].tuple, false);
		report_translation(cpu, &frame.key, &packet.tuple, &frame.key.in);
	}
}

static __always_inline void handle_leave(const struct view *view)
{
	struct brpath_cpu *cpu = this_cpu();
	struct brpath_frame *frame;

	if (!cpu)
		return;
	frame = &cpu->frame;
	if (is_current_below(frame, view)) {
		if (frame->facts.ports_out == 0)
			handle_way_out(cpu, frame, view);
		else if (view->ifindex == frame->key.port_out)
			return; /* br_netfilter cut a packet into fragments again: no copy */
		if (frame->facts.ports_out < 2)
			frame->facts.ports_out++;
	} else if (is_current_above(frame, view)) {
		if (!frame->facts.out_after_up && !frame->facts.ports_out)
			handle_way_out(cpu, frame, view);
		frame->facts.out_after_up = 1;
	} else if (enabled() && is_wanted(view)) {
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
	note_conntrack(frame, view);
	if ((view->nfct & NFCT_INFO_MASK) != IP_CT_NEW)
		return;
	parse_again(&packet, frame, view);
	if (packet.proto == frame->key.proto && packet.has_l4 == frame->has_l4)
		report_translation(cpu, &frame->key, &frame->key.in, &packet.tuple);
}

/* The header on the other side of a connection is that of an answer to its reply. */
static __always_inline void handle_confirm(const struct view *view)
{
	struct brpath_cpu *cpu = this_cpu();
	struct brpath_tuple out;
	struct brpath_frame *frame;

	if (!cpu || !connection_of(view))
		return;
	frame = &cpu->frame;
	if (!is_current_above(frame, view) || !frame->has_l4)
		return;
	read_conntrack_tuple(&out, &frame->key, &connection_of(view)->tuplehash[1].tuple, true);
	report_translation(cpu, &frame->key, &frame->key.in, &out);
}

#endif
