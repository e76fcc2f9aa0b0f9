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

#include "compat.bpf.h"

#define READ_DIRECT(pointer, field) ((pointer)->field)
#define READ_PROBED(pointer, field) BPF_CORE_READ(pointer, field)

struct view {
	__u64 skb;
	__u64 head;
	__u64 net;	   /* struct net *, a number: only for reads that may fail */
	__u64 port_data;   /* dev->rx_handler_data, likewise */
	__u64 nfct;	   /* skb->_nfct */
	__u32 netns;	   /* inode number */
	__u32 ifindex;	   /* of skb->dev */
	__u32 l3_offset;   /* from head */
	__u32 linear_end;  /* from head: bytes up to here are packet bytes */
	__u32 l3_bytes;	   /* from the network header to the end of the packet, as the kernel counts */
	__u32 stacked;	   /* ifindex of the bridge, where this is a device below one of its ports */
	__u32 iif;	   /* skb->skb_iif: the device it was received on last; 0 if it was made here */
	__u16 protocol;	   /* host order */
	__u16 vlan;	   /* VLAN id of an offloaded tag */
	bool vlan_present; /* the tag is in the skb, not in the packet bytes */
};

DEFINE_VLAN_PRESENT(vlan_present_direct, READ_DIRECT, BPF_CORE_READ_BITFIELD)
DEFINE_VLAN_PRESENT(vlan_present_probed, READ_PROBED, BPF_CORE_READ_BITFIELD_PROBED)

/* Where the device is, for a check before anything else is read. */
#define DEFINE_VIEW_DEVICE(name, READ)                                                                                 \
	static __always_inline void name(struct view *view, struct net_device *dev)                                    \
	{                                                                                                              \
		struct net *net = READ(dev, nd_net.net);                                                               \
                                                                                                                       \
		view->net = (__u64)net;                                                                                \
		view->netns = READ(net, ns.inum);                                                                      \
		view->ifindex = READ(dev, ifindex);                                                                    \
		view->port_data = (__u64)READ(dev, rx_handler_data);                                                   \
	}

#define DEFINE_VIEW_PACKET(name, READ, VLAN_PRESENT)                                                                   \
	static __always_inline void name(struct view *view, struct sk_buff *skb, __u32 l3_offset)                      \
	{                                                                                                              \
		__u32 data_offset = (__u64)READ(skb, data) - view->head;                                               \
		__u32 len = READ(skb, len);                                                                            \
                                                                                                                       \
		view->l3_offset = l3_offset;                                                                           \
		view->linear_end = data_offset + len - READ(skb, data_len);                                            \
		view->l3_bytes = len - (l3_offset - data_offset);                                                      \
		view->protocol = bpf_ntohs(READ(skb, protocol));                                                       \
		view->vlan_present = VLAN_PRESENT(skb);                                                                \
		view->vlan = view->vlan_present ? READ(skb, vlan_tci) & 0xfff : 0;                                     \
	}

/*
 * What a stage after enter needs to recognise the current frame, and what conntrack left in the skb (the field is
 * there with CONFIG_NF_CONNTRACK only).
 */
#define DEFINE_VIEW_IDENTITY(name, READ)                                                                               \
	static __always_inline void name(struct view *view, struct sk_buff *skb)                                       \
	{                                                                                                              \
		struct net_device *dev = READ(skb, dev);                                                               \
                                                                                                                       \
		view->skb = (__u64)skb;                                                                                \
		view->head = (__u64)READ(skb, head);                                                                   \
		view->net = (__u64)READ(dev, nd_net.net);                                                              \
		view->iif = READ(skb, skb_iif);                                                                        \
		view->nfct = bpf_core_field_exists(skb->_nfct) ? READ(skb, _nfct) : 0;                                 \
	}

DEFINE_VIEW_IDENTITY(view_identity, READ_DIRECT)
DEFINE_VIEW_IDENTITY(view_identity_probed, READ_PROBED)
DEFINE_VIEW_DEVICE(view_device, READ_DIRECT)
DEFINE_VIEW_DEVICE(view_device_probed, READ_PROBED)
DEFINE_VIEW_PACKET(view_packet, READ_DIRECT, vlan_present_direct)
DEFINE_VIEW_PACKET(view_packet_probed, READ_PROBED, vlan_present_probed)

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

/* The bridge's own nf_call_iptables or nf_call_ip6tables. */
static __always_inline bool bridge_calls_ip(const struct view *view, bool ipv6)
{
	struct net_bridge_port *port = (void *)view->port_data;
	__u64 bit = ipv6 ? BRIDGE_OPTION(BROPT_NF_CALL_IP6TABLES) : BRIDGE_OPTION(BROPT_NF_CALL_IPTABLES);

	return BPF_CORE_READ(port, br, options) >> bit & 1;
}

#endif
