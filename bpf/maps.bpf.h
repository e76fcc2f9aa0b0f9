/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRPATH_MAPS_BPF_H
#define BRPATH_MAPS_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <brpath/abi.h>

/* The sizes of flows_even, flows_odd and records are the loader's to set (ProbeLimits). */

struct flow_table {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct brpath_flow_key);
	__type(value, struct brpath_flow);
};

/*
 * Key: flow and CPU. Value: counts not reported yet. Written by that CPU's programs; emptied by the loader
 * once no program uses it any more. Full: the frame counts in brpath_totals.unattributed.
 */
struct flow_table flows_even SEC(".maps");
struct flow_table flows_odd SEC(".maps");

/*
 * Key: parity of the generation. A map of maps because an update from user space returns only after every
 * program that may still use the former generation has ended (maybe_wait_bpf_programs() in
 * kernel/bpf/syscall.c): after that the loader reads and empties a table that nobody writes.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__uint(key_size, sizeof(__u32));
	__array(values, struct flow_table);
} flow_tables SEC(".maps") = {
	.values = { &flows_even, &flows_odd },
};

/* One value per CPU: its current frame, its totals. Written by that CPU's programs, read by the loader. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct brpath_cpu);
} cpus SEC(".maps");

/* struct brpath_record. Full: brpath_totals.ring_full, the counts stay in the flow table. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} records SEC(".maps");

const volatile struct brpath_config config = {};
struct brpath_control control = {};

#endif
