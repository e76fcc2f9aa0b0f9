/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames that wait on the way: in an NFQUEUE, or for their neighbour's address. They leave later and perhaps on another
 * CPU, when they have been counted as what they looked like: dropped, or up. Then that is taken back, and they count
 * as what they have become.
 */
#ifndef BRPATH_LATE_BPF_H
#define BRPATH_LATE_BPF_H

#include "frame.bpf.h"
#include "translation.bpf.h"

enum { SEARCHED_CPUS_MAX = 256 }; /* a bound for the verifier; it unrolls up to config.cpus */

/*
 * Where the frame is remembered by its skb: at once where a hook tells that it is going to wait, else
 * (config.remember_ended) when it has ended as far as its CPU knows.
 */
static __always_inline void remember(const struct brpath_frame *frame)
{
	__u64 skb = frame->skb;

	bpf_map_update_elem(&waiting, &skb, frame, BPF_ANY);
}

/* Fragments wait to be put together, and what leaves then is no longer them. */
static __always_inline void remember_ended(const struct brpath_frame *frame)
{
	if (!frame->facts.ports_out && !frame->facts.out_after_up && !frame->gone && !frame->fragment)
		remember(frame);
}

static __always_inline void forget(const struct brpath_frame *frame)
{
	__u64 skb = frame->skb;

	bpf_map_delete_elem(&waiting, &skb);
}

/* Is this the frame, and has it not gone on yet? */
static __always_inline bool is_waiting(const struct brpath_frame *frame, const struct view *view)
{
	if (!frame->open || frame->skb != view->skb || frame->net != view->net || frame->gone ||
	    frame->facts.ports_out || frame->facts.out_after_up || frame->fragment)
		return false;
	return frame->facts.up ? is_above(frame, view) : view->iif == frame->key.port_in;
}

/* The CPU on which no frame has entered since this one; -1: none. */
static __noinline int find_cpu_of(const struct view *view)
{
	__u32 i;

	if (!view) /* never */
		return -1;
	for (i = 0; i < SEARCHED_CPUS_MAX && i < config.cpus; i++) {
		__u32 key = i;
		struct brpath_cpu *cpu = bpf_map_lookup_elem(&cpus, &key);

		if (cpu && is_waiting(&cpu->frame, view))
			return i;
	}
	return -1;
}

/*
 * Copies the frame that waited with this skb. Its CPU may not have closed it: marked as gone, it is not remembered
 * then. Nothing but that byte of another CPU's frame is written.
 */
static __always_inline bool take_waiting(struct brpath_frame *to, const struct view *view, bool search)
{
	__u64 skb = view->skb;
	struct brpath_frame *frame = bpf_map_lookup_elem(&waiting, &skb);

	if (frame) {
		if (!is_waiting(frame, view))
			return false;
		*to = *frame;
		bpf_map_delete_elem(&waiting, &skb);
	} else {
		int found = search ? find_cpu_of(view) : -1;
		__u32 key = found;
		struct brpath_cpu *other = found < 0 ? NULL : bpf_map_lookup_elem(&cpus, &key);

		if (!other)
			return false;
		*to = other->frame;
		if (!is_waiting(to, view)) /* overwritten meanwhile */
			return false;
		other->frame.gone = 1;
	}
	to->key.cpu = bpf_get_smp_processor_id(); /* each entry of the flow table has one writer */
	return true;
}

/*
 * True if the skb was a frame that had waited: it has left by a port. An address that is used again is told by the
 * length: NAT keeps it, and what is not the frame (a segment of it, another packet) hardly has it.
 */
static __always_inline bool leave_late(struct brpath_cpu *cpu, const struct view *view)
{
	__u32 generation = current_generation();
	struct brpath_frame *frame = &cpu->late;

	if (!take_waiting(frame, view, config.remember_ended) || frame->bytes != ETHERNET_HEADER + view->l3_bytes)
		return false;
	account(cpu, frame, generation, -1);
	if (frame->facts.up)
		frame->facts.out_after_up = 1;
	else
		frame->facts.ports_out = 1;
	note_way_out(cpu, frame, view);
	account(cpu, frame, generation, 1);
	return true;
}

static __always_inline void put_frame(struct brpath_record *record, struct brpath_frame *frame, __u32 generation,
				      int sign)
{
	brpath_close_frame(frame);
	__builtin_memset(record, 0, sizeof(*record));
	record->generation = generation;
	record->kind = BRPATH_RECORD_FLOW;
	record->key = frame->key;
	record->flow.first_ns = frame->generation == generation ? bpf_ktime_get_ns() : 0;
	record->flow.out = frame->key.translation ? frame->out : frame->key.in;
	record->flow.icmp_type = frame->icmp_type;
	record->flow.direction = frame->direction;
	add_to_flow(&record->flow, frame, sign);
}

/*
 * The skb dies: if it was a frame that had waited, more may be known of it now. This runs in the context of whoever
 * gave the verdict, and a soft interrupt may come in between: so it leaves the flow table alone, and goes by the ring.
 */
static __always_inline void drop_late(const struct view *view)
{
	bool is_tracked = nfct_state(view->nfct) == BRPATH_NFCT_TRACKED;
	__u32 generation = current_generation();
	struct brpath_record *before, *now;
	struct brpath_frame frame;

	if (!take_waiting(&frame, view, is_tracked && config.remember_ended))
		return;
	if (!is_tracked || frame.facts.nfct == BRPATH_NFCT_TRACKED)
		return; /* nothing new */
	before = bpf_ringbuf_reserve(&records, sizeof(*before), 0);
	if (!before)
		return;
	now = bpf_ringbuf_reserve(&records, sizeof(*now), 0);
	if (!now) {
		bpf_ringbuf_discard(before, BPF_RB_NO_WAKEUP);
		return;
	}
	put_frame(before, &frame, generation, -1);
	note_conntrack(&frame, view);
	put_frame(now, &frame, generation, 1);
	bpf_ringbuf_submit(before, BPF_RB_NO_WAKEUP);
	bpf_ringbuf_submit(now, BPF_RB_NO_WAKEUP);
}

#endif
