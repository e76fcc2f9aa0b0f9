/* SPDX-License-Identifier: GPL-2.0-only */
/* What conntrack made of a frame, and whether it is registered at all. */
#ifndef BRPATH_CONNTRACK_BPF_H
#define BRPATH_CONNTRACK_BPF_H

#include <bpf/bpf_core_read.h>
#include <brpath/classify.h>

#include "hook_entries.bpf.h"
#include "maps.bpf.h"
#include "parse.bpf.h"

static __always_inline enum brpath_nfct nfct_state(__u64 nfct)
{
	if (nfct & ~(__u64)NFCT_INFO_MASK)
		return BRPATH_NFCT_TRACKED;
	return (nfct & NFCT_INFO_MASK) == IP_CT_UNTRACKED ? BRPATH_NFCT_UNTRACKED : BRPATH_NFCT_NONE;
}

static __always_inline enum brpath_direction nfct_direction(__u64 nfct)
{
	if (nfct_state(nfct) != BRPATH_NFCT_TRACKED)
		return BRPATH_DIR_NONE;
	return (nfct & NFCT_INFO_MASK) >= IP_CT_IS_REPLY ? BRPATH_DIR_REPLY : BRPATH_DIR_ORIGINAL;
}

/*
 * Would conntrack have seen a frame of this family? The kernel replaces the whole array when a hook comes or
 * goes, so its address tells whether the last answer still holds; the generation bounds how long an address
 * used again could deceive.
 */
static __always_inline enum brpath_answer conntrack_registered(struct brpath_cpu *cpu, const struct view *view,
							       __u16 ethertype, __u32 generation)
{
	struct net *net = (void *)view->net;
	struct brpath_hooks_seen *seen = &cpu->hooks[0];
	__u64 wanted = control.conntrack_in[0];
	__u64 entries;

	if (ethertype == ETHERTYPE_IPV6) {
		seen = &cpu->hooks[1];
		wanted = control.conntrack_in[1];
		entries = (__u64)BPF_CORE_READ(net, nf.hooks_ipv6[NF_INET_PRE_ROUTING]);
	} else {
		entries = (__u64)BPF_CORE_READ(net, nf.hooks_ipv4[NF_INET_PRE_ROUTING]);
	}
	if (!entries || wanted == BRPATH_CONNTRACK_ABSENT)
		return BRPATH_ANSWER_NO;
	if (!wanted)
		return BRPATH_ANSWER_UNKNOWN;
	if (seen->entries != entries || seen->generation != generation) {
		seen->conntrack = search_hooks(entries, wanted);
		seen->entries = entries;
		seen->generation = generation;
	}
	return seen->conntrack;
}

#endif
