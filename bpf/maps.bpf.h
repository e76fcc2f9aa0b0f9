/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BRPATH_MAPS_BPF_H
#define BRPATH_MAPS_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <brpath/abi.h>

/*
 * The sizes of flows_even, flows_odd and records are the loader's to set (ProbeLimits), and those of cpus and
 * recent_flows.
 */

struct flow_table {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct brpath_flow_key);
	__type(value, struct brpath_flow);
};

/*
 * By the parity of the generation. Key: flow and CPU. Value: counts not reported yet. Written by that CPU's programs;
 * emptied by the loader once no program uses it any more. Full: the frame counts in brpath_totals.unattributed.
 */
struct flow_table flows_even SEC(".maps");
struct flow_table flows_odd SEC(".maps");

/*
 * Key: CPU. Value: its current frame, its totals. Written by that CPU's programs, read by the loader and, for frames
 * that went on elsewhere, by other CPUs (late.bpf.h): so it is no per-CPU array.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct brpath_cpu);
} cpus SEC(".maps");

/* Key: twice the CPU, and the parity of the generation. Written by that CPU's programs, read by the loader. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct brpath_recent_flows);
} recent_flows SEC(".maps");

/*
 * Key: address of the skb. Value: the frame as it was last known. Written by the programs where a frame waits or may
 * wait, deleted when it goes on. Full: the longest unused one is forgotten, and will count as egress if it leaves.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct brpath_frame);
} waiting SEC(".maps");

/* Written by the loader when devices change. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct brpath_stacked_key);
	__type(value, struct brpath_stacked);
} stacked_devices SEC(".maps");

/* struct brpath_record. Full: brpath_totals.ring_full, the counts stay in the flow table. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} records SEC(".maps");

const volatile struct brpath_config config = {};
struct brpath_control control = {};

#endif
