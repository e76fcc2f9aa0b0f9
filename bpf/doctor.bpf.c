// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is conntrack registered in the namespace of whoever asks? Attached to nothing: BPF_PROG_TEST_RUN runs it once, in the
 * context of the process that asks.
 */
#include "hook_entries.bpf.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct nsproxy {
	struct net *net_ns;
};

struct task_struct {
	struct nsproxy *nsproxy;
};

#pragma clang attribute pop

enum {
	ANSWER_BITS = 2, /* enum brpath_answer */
};

/* Addresses of conntrack's functions for IPv4, IPv6 and bridges; 0: hidden, BRPATH_CONNTRACK_ABSENT: not there. */
const volatile __u64 functions[3] = {};

static __always_inline __u32 answer(__u64 entries, __u64 wanted)
{
	if (!entries || wanted == BRPATH_CONNTRACK_ABSENT)
		return BRPATH_ANSWER_NO;
	return wanted ? search_hooks(entries, wanted) : BRPATH_ANSWER_UNKNOWN;
}

/* Returns the answers for IPv4, IPv6 and bridges, the first one in the lowest bits. */
SEC("raw_tp")
int conntrack_registered(void *context)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct net *net = BPF_CORE_READ(task, nsproxy, net_ns);
	__u64 ipv4 = (__u64)BPF_CORE_READ(net, nf.hooks_ipv4[NF_INET_PRE_ROUTING]);
	__u64 ipv6 = (__u64)BPF_CORE_READ(net, nf.hooks_ipv6[NF_INET_PRE_ROUTING]);
	__u64 bridge = 0;

	if (bpf_core_field_exists(net->nf.hooks_bridge))
		bridge = (__u64)BPF_CORE_READ(net, nf.hooks_bridge[NF_INET_PRE_ROUTING]);
	return answer(ipv4, functions[0]) | answer(ipv6, functions[1]) << ANSWER_BITS |
	       answer(bridge, functions[2]) << 2 * ANSWER_BITS;
}

char LICENSE[] SEC("license") = "GPL";
