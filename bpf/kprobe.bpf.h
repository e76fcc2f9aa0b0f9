/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The programs of the kprobe backend. Arguments come as numbers, so everything is read with bpf_probe_read_kernel().
 *
 * No kretprobes: they have a limited number of live instances and miss returns under load. What nf_conntrack_in() has
 * made of a frame is seen where the frame is seen next, at the latest in conntrack's last hook (settled).
 */
#ifndef BRPATH_KPROBE_BPF_H
#define BRPATH_KPROBE_BPF_H

#include <linux/ptrace.h>

#include <bpf/bpf_tracing.h>

#include "adapters.bpf.h"

SEC("kprobe/br_handle_frame")
int BPF_KPROBE(kprobe_br_handle_frame, void *pskb)
{
	enter_by_reference((__u64)pskb);
	return 0;
}

SEC("kprobe/nf_conntrack_in")
int BPF_KPROBE(kprobe_nf_conntrack_in, struct sk_buff *skb)
{
	conntrack_begins_probed(skb);
	return 0;
}

/* nf_confirm(), before it ipv4_confirm() and ipv6_confirm(), conntrack's last hook: called in LOCAL_IN and
 * POST_ROUTING. */
SEC("kprobe/nf_confirm")
int BPF_KPROBE(kprobe_nf_confirm, void *priv, struct sk_buff *skb)
{
	conntrack_probed(skb);
	return 0;
}

SEC("kprobe/ipv4_confirm")
int BPF_KPROBE(kprobe_ipv4_confirm, void *priv, struct sk_buff *skb)
{
	conntrack_probed(skb);
	return 0;
}

SEC("kprobe/ipv6_confirm")
int BPF_KPROBE(kprobe_ipv6_confirm, void *priv, struct sk_buff *skb)
{
	conntrack_probed(skb);
	return 0;
}

SEC("kprobe/__nf_conntrack_confirm")
int BPF_KPROBE(kprobe___nf_conntrack_confirm, struct sk_buff *skb)
{
	confirm_probed(skb);
	return 0;
}

/* See fentry_netif_receive_skb. */
SEC("kprobe/netif_receive_skb")
int BPF_KPROBE(kprobe_netif_receive_skb, struct sk_buff *skb)
{
	if (is_bridge_device_probed(BPF_CORE_READ(skb, dev)))
		up_probed(skb);
	return 0;
}

SEC("kprobe/br_dev_queue_push_xmit")
int BPF_KPROBE(kprobe_br_dev_queue_push_xmit, struct net *net, struct sock *sk, struct sk_buff *skb)
{
	leave_probed(skb);
	return 0;
}

SEC("kprobe/nf_queue")
int BPF_KPROBE(kprobe_nf_queue, struct sk_buff *skb)
{
	wait_probed(skb);
	return 0;
}

SEC("kprobe/__neigh_event_send")
int BPF_KPROBE(kprobe___neigh_event_send, void *neighbour, struct sk_buff *skb)
{
	if (skb)
		wait_probed(skb);
	return 0;
}

#endif
