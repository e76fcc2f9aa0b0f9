/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything that differs between kernels. Each entry cites the change and has one getter named for the idea;
 * nothing else in bpf/ knows of kernel releases. What every frame needs comes in two forms: direct, for pointers whose
 * type the verifier knows, and probed, for addresses read as numbers.
 */
#ifndef BRPATH_COMPAT_BPF_H
#define BRPATH_COMPAT_BPF_H

#include <bpf/bpf_core_read.h>

#include "device_flags.bpf.h"
#include "kernel_types.bpf.h"
#include "maps.bpf.h"

/*
 * 354259fa73e2 ("net: remove skb->vlan_present"), v6.2: a frame is tagged if vlan_all is not zero. Before,
 * vlan_present said so, and vlan_proto could be left over from a tag that was taken off.
 * Needed for 5.10 and 6.1.
 */
struct sk_buff___vlan_present {
	__u8 vlan_present : 1;
} __attribute__((preserve_access_index));

/* Of an skb whose vlan_proto is not zero. */
static __always_inline bool is_tagged(struct sk_buff *skb)
{
	struct sk_buff___vlan_present *old = (void *)skb;

	return !bpf_core_field_exists(old->vlan_present) || BPF_CORE_READ_BITFIELD_PROBED(old, vlan_present);
}

DEFINE_DEVICE_FLAG(is_bridge_port, IFF_BRIDGE_PORT, BPF_CORE_READ_BITFIELD)
DEFINE_DEVICE_FLAG(is_bridge_device, IFF_EBRIDGE, BPF_CORE_READ_BITFIELD)

/*
 * Did a hook of netfilter say so? Since 2df3041ba3be ("net: netfilter: use kfree_drop_reason() for NF_DROP"), v5.18,
 * the third argument of the tracepoint kfree_skb tells; some hooks free the skb themselves by now, and say the same.
 * Before, nf_hook_slow() freed it, and the second argument is a place in there. Needed for 5.10.
 */
static __always_inline bool is_netfilter_drop(__u64 *ctx)
{
	if (bpf_core_enum_value_exists(enum skb_drop_reason, SKB_DROP_REASON_NETFILTER_DROP))
		return (__u32)ctx[2] == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_NETFILTER_DROP);
	return ctx[1] >= control.nf_hook_slow[0] && ctx[1] < control.nf_hook_slow[1];
}

/*
 * The bridge's options are numbers of bits in net_bridge.options. Where bridge is a module and modules have no BTF
 * (before v5.11, 36e68442d1af "bpf: Load and verify kernel module BTFs") the enum is not to be found: then its values
 * are those that it has had since the options became bits, and still has in 7.3.
 */
#define BRIDGE_OPTION(name)                                                                                            \
	(bpf_core_enum_value_exists(enum net_bridge_opts, name) ? bpf_core_enum_value(enum net_bridge_opts, name)      \
								: (__u64)name)

#endif
