/* SPDX-License-Identifier: GPL-2.0-only */
/* The programs of the fentry backend. */
#ifndef BRPATH_FENTRY_BPF_H
#define BRPATH_FENTRY_BPF_H

#include <bpf/bpf_tracing.h>

#include "adapters.bpf.h"

/*
 * The argument is a pointer to a pointer, which the verifier refuses to load from the context ("arg0 type PTR
 * is not a struct", seen on 6.1); bpf_get_func_arg() (v5.17) gives it as a number.
 */
SEC("fentry/br_handle_frame")
int fentry_br_handle_frame(__u64 *ctx)
{
	__u64 pskb;

	if (!bpf_get_func_arg(ctx, 0, &pskb))
		enter_by_reference(pskb);
	return 0;
}

/* At its return, because only then is it known what conntrack made of the frame. */
SEC("fexit/nf_conntrack_in")
int BPF_PROG(fexit_nf_conntrack_in, struct sk_buff *skb)
{
	conntrack(skb);
	return 0;
}

SEC("fentry/__nf_conntrack_confirm")
int BPF_PROG(fentry___nf_conntrack_confirm, struct sk_buff *skb)
{
	confirm(skb);
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

SEC("fentry/nf_queue")
int BPF_PROG(fentry_nf_queue, struct sk_buff *skb)
{
	wait(skb);
	return 0;
}

SEC("fentry/__neigh_event_send")
int BPF_PROG(fentry___neigh_event_send, void *neighbour, struct sk_buff *skb)
{
	if (skb)
		wait(skb);
	return 0;
}

#endif
