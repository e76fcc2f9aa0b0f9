/* SPDX-License-Identifier: GPL-2.0-only */
/* Flow table, totals, records. */
#ifndef BRPATH_ACCOUNT_BPF_H
#define BRPATH_ACCOUNT_BPF_H

#include <brpath/classify.h>

#include "maps.bpf.h"
#include "parse.bpf.h"

/* Read once per program run: everything that one run counts belongs to one generation. */
static __always_inline __u32 current_generation(void)
{
	return *(volatile __u32 *)&control.generation;
}

static __always_inline bool enabled(void)
{
	return *(volatile __u32 *)&control.enabled;
}

static __always_inline struct brpath_cpu *this_cpu(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&cpus, &cpu);
}

/* Hands the entry's counts over to the loader, or leaves them where they are if the ring is full. */
static __always_inline void report(struct brpath_cpu *cpu, const struct brpath_flow_key *key, struct brpath_flow *flow,
				   __u32 generation)
{
	struct brpath_record *record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);

	if (!record) {
		cpu->totals[generation & 1].ring_full++;
		return;
	}
	record->generation = generation;
	record->kind = BRPATH_RECORD_FLOW;
	record->flow = *flow;
	record->key = *key;
	record->pad = 0;
	/* The loader looks at its own pace: waking it for each new flow would cost more than the record. */
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	flow->frames = 0;
	flow->bytes = 0;
	flow->tcp_syn = 0;
	flow->tcp_rst = 0;
	flow->tcp_flags = 0;
	if (!flow->first_ns) /* only what was reported was late */
		flow->first_ns = 1;
}

static __always_inline void count_unattributed(struct brpath_cpu *cpu, __u32 generation, __u8 path, __u8 handling,
					       int sign)
{
	struct brpath_totals *totals = &cpu->totals[generation & 1];

	totals->flow_table_full += sign;
	if (path < BRPATH_PATHS && handling < BRPATH_HANDLINGS) /* always; the verifier asks */
		totals->unattributed[path][handling] += sign;
}

static __always_inline void add_to_flow(struct brpath_flow *flow, const struct brpath_frame *frame, int sign)
{
	flow->frames += sign;
	flow->bytes += sign * (__s64)frame->bytes;
	flow->tcp_flags |= frame->tcp_flags;
	if (frame->key.proto != PROTO_TCP)
		return;
	if ((frame->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		flow->tcp_syn += sign;
	if (frame->tcp_flags & TCP_RST)
		flow->tcp_rst += sign;
}

static __always_inline __u32 hash_header(const struct brpath_tuple *tuple)
{
	const __u32 *words = (const void *)tuple;
	__u32 source = words[0] ^ words[1] ^ words[2] ^ words[3];
	__u32 destination = words[4] ^ words[5] ^ words[6] ^ words[7];

	return source * 2654435761u + destination * 2246822519u + words[8] * 3266489917u;
}

static __always_inline bool is_same_key(const struct brpath_flow_key *a, const struct brpath_flow_key *b)
{
	const __u64 *x = (const void *)a;
	const __u64 *y = (const void *)b;
	int last = sizeof(*a) / 8;
	__u64 difference = ((const __u32 *)a)[last * 2] ^ ((const __u32 *)b)[last * 2];
	int i;

#pragma unroll
	for (i = 0; i < last; i++)
		difference |= x[i] ^ y[i];
	return !difference;
}

static __always_inline struct brpath_recent *recent_place(const struct brpath_flow_key *key, __u32 generation)
{
	__u32 index = key->cpu * 2 + (generation & 1);
	struct brpath_recent_flows *recent = bpf_map_lookup_elem(&recent_flows, &index);

	return recent ? &recent->places[hash_header(&key->in) >> 16 & (BRPATH_RECENT_FLOWS - 1)] : NULL;
}

static __always_inline void take_recent_place(struct brpath_recent *place, const struct brpath_flow_key *key,
					      const struct brpath_flow *flow, __u32 generation)
{
	if (!place || (place->generation == generation && place->flow.frames))
		return;
	place->key = *key;
	place->flow = *flow;
	place->flow.frames = 0;
	place->flow.bytes = 0;
	place->flow.tcp_syn = 0;
	place->flow.tcp_rst = 0;
	place->flow.tcp_flags = 0;
	place->generation = generation;
}

/* In the flow table itself: a flow that is new, that ends, or that has no recent place. */
static __always_inline struct brpath_flow *account_in_table(struct brpath_cpu *cpu, const struct brpath_frame *frame,
							    __u32 generation, int sign)
{
	struct flow_table *table = generation & 1 ? &flows_odd : &flows_even;
	struct brpath_flow *flow = bpf_map_lookup_elem(table, &frame->key);

	if (flow) {
		add_to_flow(flow, frame, sign);
		if (frame->key.proto == PROTO_TCP && frame->tcp_flags & (TCP_FIN | TCP_RST))
			report(cpu, &frame->key, flow, generation);
		return flow;
	}

	struct brpath_flow fresh = {
		/* One that waited to be counted is older than what this generation has counted so far. */
		.first_ns = frame->generation == generation ? bpf_ktime_get_ns() : 0,
		.out = frame->key.translation ? frame->out : frame->key.in,
		.icmp_type = frame->icmp_type,
		.direction = frame->direction,
	};

	add_to_flow(&fresh, frame, sign);
	if (bpf_map_update_elem(table, &frame->key, &fresh, BPF_NOEXIST)) {
		count_unattributed(cpu, generation, frame->key.path, frame->key.handling, sign);
		return NULL;
	}
	flow = bpf_map_lookup_elem(table, &frame->key);
	if (flow)
		report(cpu, &frame->key, flow, generation);
	return flow;
}

/*
 * Counts a frame that has ended, or takes its count back (sign -1). Each entry has one writer, this CPU, so plain
 * additions are exact.
 */
static __noinline int account(struct brpath_cpu *cpu, struct brpath_frame *frame, __u32 generation, int sign)
{
	struct brpath_recent *place;
	struct brpath_flow *flow;

	if (!cpu || !frame) /* never */
		return 0;
	brpath_close_frame(frame);
	place = recent_place(&frame->key, generation);
	if (sign > 0 && !(frame->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)) && place &&
	    place->generation == generation && is_same_key(&place->key, &frame->key)) {
		place->flow.frames++;
		place->flow.bytes += frame->bytes;
		place->flow.tcp_flags |= frame->tcp_flags;
		return 0;
	}
	flow = account_in_table(cpu, frame, generation, sign);
	if (flow)
		take_recent_place(place, &frame->key, flow, generation);
	return 0;
}

#endif
