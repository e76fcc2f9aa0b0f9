/* SPDX-License-Identifier: GPL-2.0-only */
/* The functions that netfilter calls in a namespace, at one hook of one family. */
#ifndef BRPATH_HOOK_ENTRIES_BPF_H
#define BRPATH_HOOK_ENTRIES_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <brpath/abi.h>

#include "kernel_types.bpf.h"

enum {
	NF_INET_PRE_ROUTING = 0,
	HOOK_ENTRIES_MAX = 16,
};

/* Is conntrack's function among the namespace's PRE_ROUTING hooks? It registers only when a rule needs it. */
static __noinline int search_hooks(__u64 entries_address, __u64 wanted)
{
	struct nf_hook_entries *entries = (void *)entries_address;
	__u32 count = BPF_CORE_READ(entries, num_hook_entries);
	__u32 offset = bpf_core_field_offset(struct nf_hook_entries, hooks);
	__u32 size = bpf_core_type_size(struct nf_hook_entry);
	__u32 i;

	for (i = 0; i < HOOK_ENTRIES_MAX && i < count; i++) {
		__u64 hook = 0;

		/* struct nf_hook_entry's first member is the function. */
		bpf_probe_read_kernel(&hook, sizeof(hook), (void *)(entries_address + offset + i * size));
		if (hook == wanted)
			return BRPATH_ANSWER_YES;
	}
	return count > HOOK_ENTRIES_MAX ? BRPATH_ANSWER_UNKNOWN : BRPATH_ANSWER_NO;
}

#endif
