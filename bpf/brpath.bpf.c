// SPDX-License-Identifier: GPL-2.0-only
/*
 * The programs: adapters that unpack a hook's arguments and call its stage. Only where a count begins, at enter and
 * egress, does the switch count: what has entered is followed to its end.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "stages.bpf.h"

/* What a stage after enter needs to recognise the current frame. */
static __always_inline void view_identity(struct view *view, struct sk_buff *skb)
{
	view->skb = (__u64)skb;
	view->head = (__u64)skb->head;
	view->net = (__u64)skb->dev->nd_net.net;
	view->iif = skb->skb_iif;
	view_conntrack(view, skb);
}

static __always_inline void up(struct sk_buff *skb)
{
	struct view view = {};

	view_device(&view, skb->dev);
	view_identity(&view, skb);
	handle_up(&view);
}

static __always_inline void leave(struct sk_buff *skb)
{
	struct view view = {};

	view_device(&view, skb->dev);
	view_identity(&view, skb);
	view_packet(&view, skb, skb->network_header);
	handle_leave(&view);
}

/*
 * The argument is a pointer to a pointer, which the verifier refuses to load from the context ("arg0 type PTR
 * is not a struct", seen on 6.1); bpf_get_func_arg() (v5.17) gives it as a number.
 */
SEC("fentry/br_handle_frame")
int fentry_br_handle_frame(__u64 *ctx)
{
	struct view view = {};
	struct sk_buff *skb;
	__u64 pskb;

	if (!enabled() || bpf_get_func_arg(ctx, 0, &pskb))
		return 0;
	if (bpf_probe_read_kernel(&skb, sizeof(skb), (void *)pskb))
		return 0;
	view_device_probed(&view, BPF_CORE_READ(skb, dev));
	if (!is_wanted(&view))
		return 0;
	view.skb = (__u64)skb;
	view.head = (__u64)BPF_CORE_READ(skb, head);
	view_packet_probed(&view, skb, (__u64)BPF_CORE_READ(skb, data) - view.head);
	handle_enter(&view);
	return 0;
}

/* At its return, because only then is it known what conntrack made of the frame. */
SEC("fexit/nf_conntrack_in")
int BPF_PROG(fexit_nf_conntrack_in, struct sk_buff *skb)
{
	struct view view = {};

	view_identity(&view, skb);
	handle_conntrack(&view);
	return 0;
}

SEC("fentry/__nf_conntrack_confirm")
int BPF_PROG(fentry___nf_conntrack_confirm, struct sk_buff *skb)
{
	struct view view = {};

	view_identity(&view, skb);
	handle_confirm(&view);
	return 0;
}

/*
 * What br_netif_receive_skb() calls. That function itself is no place to stand: attached there, a program saw none of
 * the frames that went up on 6.1, though the symbol exists. The likely cause is that the compiler inlines it into
 * br_pass_frame_up() for the case that no NF_BR_LOCAL_IN hook is registered. Few drivers of today call
 * netif_receive_skb(): NAPI and veth do not.
 */
SEC("fentry/netif_receive_skb")
int BPF_PROG(fentry_netif_receive_skb, struct sk_buff *skb)
{
	if (is_bridge_device(skb->dev))
		up(skb);
	return 0;
}

SEC("fentry/br_dev_queue_push_xmit")
int BPF_PROG(fentry_br_dev_queue_push_xmit, struct net *net, struct sock *sk, struct sk_buff *skb)
{
	leave(skb);
	return 0;
}

/* On a port: enter. On a bridge device: up. The network header is not set yet here, data is. */
SEC("tp_btf/netif_receive_skb")
int BPF_PROG(tp_netif_receive_skb, struct sk_buff *skb)
{
	struct net_device *dev = skb->dev;
	struct view view = {};

	if (config.tracepoint_stages & BRPATH_TP_ENTER && is_bridge_port(dev)) {
		view_device(&view, dev);
		if (!enabled() || !is_wanted(&view))
			return 0;
		view.skb = (__u64)skb;
		view.head = (__u64)skb->head;
		view_packet(&view, skb, (__u64)skb->data - view.head);
		handle_enter(&view);
	} else if (config.tracepoint_stages & BRPATH_TP_UP && is_bridge_device(dev)) {
		up(skb);
	}
	return 0;
}

/* On a port: leave. Elsewhere: where a frame that went up goes on to. */
SEC("tp_btf/net_dev_queue")
int BPF_PROG(tp_net_dev_queue, struct sk_buff *skb)
{
	struct brpath_cpu *cpu;
	struct view view = {};

	if (!(config.tracepoint_stages & BRPATH_TP_LEAVE))
		return 0;
	if (is_bridge_port(skb->dev)) {
		leave(skb);
		return 0;
	}
	cpu = this_cpu();
	view_identity(&view, skb);
	if (cpu && is_current_above(&cpu->frame, &view)) {
		view_packet(&view, skb, skb->network_header);
		handle_left_elsewhere(cpu, &view);
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
