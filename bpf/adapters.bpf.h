/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a hook's arguments to its stage. Only where a count begins, at enter and egress, does the switch count: what has
 * entered is followed to its end. Names without a suffix take pointers whose type the verifier knows, _probed ones
 * take numbers.
 */
#ifndef BRPATH_ADAPTERS_BPF_H
#define BRPATH_ADAPTERS_BPF_H

#include "stages.bpf.h"

/* br_handle_frame()'s argument, the address of an skb's address. The network header is not set yet, data is. */
static __always_inline void enter_by_reference(__u64 pskb)
{
	struct view view = {};
	struct sk_buff *skb;

	if (!enabled() || bpf_probe_read_kernel(&skb, sizeof(skb), (void *)pskb))
		return;
	view_device_probed(&view, BPF_CORE_READ(skb, dev));
	if (!is_wanted(&view))
		return;
	view.skb = (__u64)skb;
	view.head = (__u64)BPF_CORE_READ(skb, head);
	view_packet_probed(&view, skb, (__u64)BPF_CORE_READ(skb, data) - view.head);
	handle_enter(&view);
}

#define DEFINE_UP(name, READ, VIEW_IDENTITY)                                                                           \
	static __always_inline void name(struct sk_buff *skb)                                                          \
	{                                                                                                              \
		struct net_device *dev = READ(skb, dev);                                                               \
		struct view view = { .ifindex = READ(dev, ifindex) };                                                  \
                                                                                                                       \
		VIEW_IDENTITY(&view, skb);                                                                             \
		handle_up(&view);                                                                                      \
	}

#define DEFINE_LEAVE(name, READ, VIEW_DEVICE, VIEW_IDENTITY, VIEW_PACKET)                                              \
	static __always_inline void name(struct sk_buff *skb)                                                          \
	{                                                                                                              \
		struct view view = {};                                                                                 \
                                                                                                                       \
		VIEW_DEVICE(&view, READ(skb, dev));                                                                    \
		VIEW_IDENTITY(&view, skb);                                                                             \
		VIEW_PACKET(&view, skb, READ(skb, network_header));                                                    \
		handle_leave(&view);                                                                                   \
	}

/* The stages that need nothing but to recognise the frame. */
#define DEFINE_STAGE(name, VIEW_IDENTITY, HANDLE)                                                                      \
	static __always_inline void name(struct sk_buff *skb)                                                          \
	{                                                                                                              \
		struct view view = {};                                                                                 \
                                                                                                                       \
		VIEW_IDENTITY(&view, skb);                                                                             \
		HANDLE(&view);                                                                                         \
	}

DEFINE_UP(up, READ_DIRECT, view_identity)
DEFINE_UP(up_probed, READ_PROBED, view_identity_probed)
DEFINE_LEAVE(leave, READ_DIRECT, view_device, view_identity, view_packet)
DEFINE_LEAVE(leave_probed, READ_PROBED, view_device_probed, view_identity_probed, view_packet_probed)
DEFINE_STAGE(conntrack, view_identity, handle_conntrack)
DEFINE_STAGE(conntrack_probed, view_identity_probed, handle_conntrack)
DEFINE_STAGE(conntrack_begins_probed, view_identity_probed, handle_conntrack_begins)
DEFINE_STAGE(confirm, view_identity, handle_confirm)
DEFINE_STAGE(confirm_probed, view_identity_probed, handle_confirm)
DEFINE_STAGE(wait, view_identity, handle_wait)
DEFINE_STAGE(wait_probed, view_identity_probed, handle_wait)
DEFINE_STAGE(drop_probed, view_identity_probed, handle_drop)

#endif
