/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a hook's arguments to its stage. Only where a count begins, at enter and egress, does the switch count: what has
 * entered is followed to its end. Names without a suffix take pointers whose type the verifier knows, _probed ones
 * take numbers.
 */
#ifndef BRPATH_ADAPTERS_BPF_H
#define BRPATH_ADAPTERS_BPF_H

#include "stages.bpf.h"

/*
 * br_handle_frame()'s argument, the address of an skb's address. The network header is not set yet, data is.
 * __netif_receive_skb_core() has just set skb_iif to the port's ifindex.
 */
static __always_inline void enter_by_reference(__u64 pskb)
{
	struct brpath_cpu *cpu = this_cpu();
	struct net_device *dev;
	struct view view = {};
	struct skb_copy *copy;
	struct sk_buff *skb;

	if (!enabled() || !cpu || bpf_probe_read_kernel(&skb, sizeof(skb), (void *)pskb))
		return;
	copy = copy_skb(cpu, skb, COPY_AT_ENTER);
	if (!copy)
		return;
	view_identity_copied(&view, copy, skb);
	view.ifindex = view.iif;
	dev = READ_COPIED(copy, dev);
	if (config.bridge)
		view.port_data = (__u64)BPF_CORE_READ(dev, rx_handler_data);
	if (!is_wanted(&view))
		return;
	view_packet_copied(&view, copy, (__u64)READ_COPIED(copy, data) - view.head);
	handle_enter(cpu, &view);
}

static __always_inline void up(struct sk_buff *skb)
{
	struct view view = { .ifindex = skb->dev->ifindex };
	struct brpath_cpu *cpu = this_cpu();

	view_identity(&view, skb);
	if (cpu)
		handle_up(cpu, &view);
}

static __always_inline void up_probed(struct sk_buff *skb)
{
	struct brpath_cpu *cpu = this_cpu();
	struct skb_copy *copy = cpu ? copy_skb(cpu, skb, COPY_ELSEWHERE) : NULL;
	struct net_device *dev;
	struct view view = {};

	if (!copy)
		return;
	view_identity_copied(&view, copy, skb);
	dev = READ_COPIED(copy, dev);
	view.ifindex = BPF_CORE_READ(dev, ifindex);
	handle_up(cpu, &view);
}

static __always_inline void leave(struct sk_buff *skb)
{
	struct view view = { .skb = (__u64)skb };
	struct brpath_cpu *cpu = this_cpu();

	view_device(&view, skb->dev);
	view_skb(&view, skb);
	view_packet(&view, skb, skb->network_header);
	if (cpu)
		handle_leave(cpu, &view);
}

static __always_inline void leave_probed(struct sk_buff *skb)
{
	struct brpath_cpu *cpu = this_cpu();
	struct skb_copy *copy = cpu ? copy_skb(cpu, skb, COPY_ELSEWHERE) : NULL;
	struct view view = { .skb = (__u64)skb };

	if (!copy)
		return;
	view_device_probed(&view, READ_COPIED(copy, dev));
	view_skb_copied(&view, copy);
	view_packet_copied(&view, copy, READ_COPIED(copy, network_header));
	handle_leave(cpu, &view);
}

/* What dies may have something else in the place of its device (dev_scratch, rbnode): a read that may fail. */
static __always_inline void drop(struct sk_buff *skb, bool by_netfilter)
{
	struct view view = { .skb = (__u64)skb };
	struct brpath_cpu *cpu = this_cpu();
	struct net_device *dev = skb->dev;

	view_skb(&view, skb);
	if (!cpu || !view.iif)
		return;
	view.net = (__u64)BPF_CORE_READ(dev, nd_net.net);
	handle_drop(cpu, &view, skb, by_netfilter);
}

/* The stages that need nothing but to recognise the frame. */
#define DEFINE_STAGE(name, HANDLE)                                                                                     \
	static __always_inline void name(struct sk_buff *skb)                                                          \
	{                                                                                                              \
		struct brpath_cpu *cpu = this_cpu();                                                                   \
		struct view view = {};                                                                                 \
                                                                                                                       \
		view_identity(&view, skb);                                                                             \
		if (cpu)                                                                                               \
			HANDLE(cpu, &view);                                                                            \
	}                                                                                                              \
	static __always_inline void name##_probed(struct sk_buff *skb)                                                 \
	{                                                                                                              \
		struct brpath_cpu *cpu = this_cpu();                                                                   \
		struct skb_copy *copy = cpu ? copy_skb(cpu, skb, COPY_ELSEWHERE) : NULL;                               \
		struct view view = {};                                                                                 \
                                                                                                                       \
		if (!copy)                                                                                             \
			return;                                                                                        \
		view_identity_copied(&view, copy, skb);                                                                \
		HANDLE(cpu, &view);                                                                                    \
	}

DEFINE_STAGE(conntrack, handle_conntrack)
DEFINE_STAGE(conntrack_begins, handle_conntrack_begins)
DEFINE_STAGE(confirm, handle_confirm)
DEFINE_STAGE(wait, handle_wait)

#endif
