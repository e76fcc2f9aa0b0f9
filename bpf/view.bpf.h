/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads an skb into a plain struct. The only layer that touches kernel memory by type. Each view exists in two
 * forms: direct loads where the verifier knows the pointer's type, and probed reads where it is a number
 * (br_handle_frame's argument, and all arguments under kprobe).
 */
#ifndef BRPATH_VIEW_BPF_H
#define BRPATH_VIEW_BPF_H

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include <brpath/abi.h>

#include "compat.bpf.h"

#define READ_DIRECT(pointer, field) ((pointer)->field)
#define READ_PROBED(pointer, field) BPF_CORE_READ(pointer, field)

/*
 * All of an skb that brpath reads: from its member dev to its member data, which come in this order in every release.
 * One probed read, because each costs as much as a dozen loads, whatever its size. A pointer to this points to where
 * the skb would begin.
 */
struct skb_copy;

#define SKB_OFFSET(field) ((__u64)bpf_core_field_offset(struct sk_buff, field))
#define READ_COPIED(copy, field) (*(typeof(((struct sk_buff *)0)->field) *)((void *)(copy) + SKB_OFFSET(field)))

/*
 * Frames enter in soft interrupts, which may come while a program copies elsewhere. Among themselves kprobe programs
 * exclude each other; fentry programs after enter have typed pointers.
 */
enum skb_copy_use { COPY_AT_ENTER, COPY_ELSEWHERE };

static __always_inline struct skb_copy *copy_skb(struct brpath_cpu *cpu, struct sk_buff *skb, enum skb_copy_use use)
{
	if (bpf_probe_read_kernel(cpu->skb_copy[use], SKB_OFFSET(data) + sizeof(void *) - SKB_OFFSET(dev),
				  (void *)skb + SKB_OFFSET(dev)))
		return NULL;
	return (void *)cpu->skb_copy[use] - SKB_OFFSET(dev);
}

struct view {
	__u64 skb;
	__u64 head;
	__u64 net;	   /* struct net *, a number: only for reads that may fail */
	__u64 port_data;   /* dev->rx_handler_data, likewise */
	__u64 nfct;	   /* skb->_nfct */
	__u32 ifindex;	   /* of skb->dev */
	__u32 l3_offset;   /* from head */
	__u32 linear_end;  /* from head: bytes up to here are packet bytes */
	__u32 l3_bytes;	   /* from the network header to the end of the packet, as the kernel counts */
	__u32 iif;	   /* skb->skb_iif: the device it was received on last; 0 if it was made here */
	__u16 protocol;	   /* host order */
	__u16 vlan;	   /* VLAN id of an offloaded tag */
	bool vlan_present; /* the tag is in the skb, not in the packet bytes */
};

/* Where the device is. */
#define DEFINE_VIEW_DEVICE(name, READ)                                                                                 \
	static __always_inline void name(struct view *view, struct net_device *dev)                                    \
	{                                                                                                              \
		view->net = (__u64)READ(dev, nd_net.net);                                                              \
		view->ifindex = READ(dev, ifindex);                                                                    \
		view->port_data = (__u64)READ(dev, rx_handler_data);                                                   \
	}

#define DEFINE_VIEW_PACKET(name, READ, skb_type)                                                                       \
	static __always_inline void name(struct view *view, const skb_type *skb, __u32 l3_offset)                      \
	{                                                                                                              \
		__u32 data_offset = (__u64)READ(skb, data) - view->head;                                               \
		__u32 len = READ(skb, len);                                                                            \
                                                                                                                       \
		view->l3_offset = l3_offset;                                                                           \
		view->linear_end = data_offset + len - READ(skb, data_len);                                            \
		view->l3_bytes = len - (l3_offset - data_offset);                                                      \
		view->protocol = bpf_ntohs(READ(skb, protocol));                                                       \
		view->vlan_present = READ(skb, vlan_proto) && is_tagged((void *)view->skb);                            \
		view->vlan = view->vlan_present ? READ(skb, vlan_tci) & 0xfff : 0;                                     \
	}

/* _nfct is there with CONFIG_NF_CONNTRACK only. */
#define DEFINE_VIEW_SKB(name, READ, skb_type)                                                                          \
	static __always_inline void name(struct view *view, const skb_type *skb)                                       \
	{                                                                                                              \
		view->head = (__u64)READ(skb, head);                                                                   \
		view->iif = READ(skb, skb_iif);                                                                        \
		view->nfct = bpf_core_field_exists(struct sk_buff, _nfct) ? READ(skb, _nfct) : 0;                      \
	}

DEFINE_VIEW_DEVICE(view_device, READ_DIRECT)
DEFINE_VIEW_DEVICE(view_device_probed, READ_PROBED)
DEFINE_VIEW_SKB(view_skb, READ_DIRECT, struct sk_buff)
DEFINE_VIEW_SKB(view_skb_copied, READ_COPIED, struct skb_copy)
DEFINE_VIEW_PACKET(view_packet, READ_DIRECT, struct sk_buff)
DEFINE_VIEW_PACKET(view_packet_copied, READ_COPIED, struct skb_copy)

/* What a stage after enter needs to recognise the current frame. */
static __always_inline void view_identity(struct view *view, const struct sk_buff *skb)
{
	view->skb = (__u64)skb;
	view->net = (__u64)skb->dev->nd_net.net;
	view_skb(view, skb);
}

static __always_inline void view_identity_copied(struct view *view, const struct skb_copy *copy, struct sk_buff *skb)
{
	struct net_device *dev = READ_COPIED(copy, dev);

	view->skb = (__u64)skb;
	view->net = (__u64)BPF_CORE_READ(dev, nd_net.net);
	view_skb_copied(view, copy);
}

/* The bridge of a port, a number to compare. */
static __always_inline __u64 bridge_at(__u64 port_data)
{
	struct net_bridge_port *port = (void *)port_data;

	return (__u64)BPF_CORE_READ(port, br);
}

/* The ifindex of the bridge that a port belongs to. */
static __always_inline __u32 bridge_of(const struct view *view)
{
	struct net_bridge_port *port = (void *)view->port_data;

	return BPF_CORE_READ(port, br, dev, ifindex);
}

/*
 * Is a bridged frame inside the IP hooks now? br_netfilter makes a frame for another host look as if it were for this
 * one while they run, and notes that it did. Frames for all and for many are not made to look so: those are not told.
 */
static __always_inline bool is_inside_ip_hooks(struct sk_buff *skb)
{
	struct nf_bridge_info *info;
	struct skb_ext *extensions;
	__u64 kind;
	__u8 offset;

	if (!bpf_core_type_exists(struct nf_bridge_info) ||
	    !bpf_core_enum_value_exists(enum skb_ext_id, SKB_EXT_BRIDGE_NF))
		return false;
	kind = bpf_core_enum_value(enum skb_ext_id, SKB_EXT_BRIDGE_NF);
	if (!(skb->active_extensions >> kind & 1))
		return false;
	extensions = skb->extensions;
	if (bpf_probe_read_kernel(&offset, 1,
				  (void *)extensions + bpf_core_field_offset(struct skb_ext, offset) + kind))
		return false;
	info = (void *)extensions + offset * 8;
	return BPF_CORE_READ_BITFIELD_PROBED(info, pkt_otherhost);
}

/* The bridge's own nf_call_iptables or nf_call_ip6tables. */
static __always_inline bool bridge_calls_ip(const struct view *view, bool ipv6)
{
	struct net_bridge_port *port = (void *)view->port_data;
	__u64 bit = ipv6 ? BRIDGE_OPTION(BROPT_NF_CALL_IP6TABLES) : BRIDGE_OPTION(BROPT_NF_CALL_IPTABLES);

	return BPF_CORE_READ(port, br, options) >> bit & 1;
}

#endif
