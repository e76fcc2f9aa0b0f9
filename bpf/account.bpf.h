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

/*
 * Counts a frame that has ended, or takes its count back (sign -1). Each entry has one writer, this CPU, so plain
 * additions are exact.
 */
static __noinline int account(struct brpath_cpu *cpu, struct brpath_frame *frame, __u32 generation, int sign)
{
	struct flow_table *table = generation & 1 ? &flows_odd : &flows_even;
	struct brpath_flow *flow;

	if (!cpu || !frame) /* never */
		return 0;
	brpath_close_frame(frame);
	flow = bpf_map_lookup_elem(table, &frame->key);
	if (flow) {
		add_to_flow(flow, frame, sign);
		if (frame->key.proto == PROTO_TCP && frame->tcp_flags & (TCP_FIN | TCP_RST))
			report(cpu, &frame->key, flow, generation);
		return 0;
	}

	struct brpath_flow fresh = {
		.first_ns = bpf_ktime_get_ns(),
		.out = frame->out,
		.icmp_type = frame->icmp_type,
		.direction = frame->direction,
	};

	add_to_flow(&fresh, frame, sign);
	if (bpf_map_update_elem(table, &frame->key, &fresh, BPF_NOEXIST)) {
		count_unattributed(cpu, generation, frame->key.path, frame->key.handling, sign);
		return 0;
	}
	flow = bpf_map_lookup_elem(table, &frame->key);
	if (flow)
		report(cpu, &frame->key, flow, generation);
	return 0;
}

#endif
