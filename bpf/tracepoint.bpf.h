/* SPDX-License-Identifier: GPL-2.0-only */
/* The programs on tracepoints: the tracepoint backend, and what every backend takes from one. */
#ifndef BRPATH_TRACEPOINT_BPF_H
#define BRPATH_TRACEPOINT_BPF_H

#include <bpf/bpf_tracing.h>

#include "adapters.bpf.h"

/* Takes a VLAN tag off: the frame belongs to the VLAN device, which will see it without. */
static __always_inline void untag(struct view *view)
{
	__be16 ethertype = 0;

	if (view->vlan_present) {
		view->vlan_present = false;
		view->vlan = 0;
		return;
	}
	load_bytes(view, view->l3_offset + 2, &ethertype, sizeof(ethertype));
	view->protocol = bpf_ntohs(ethertype);
	view->l3_offset += VLAN_TAG;
	view->l3_bytes -= VLAN_TAG;
}

static __always_inline __u32 vlan_of(const struct view *view)
{
	__be16 tag = 0;

	if (view->vlan_present)
		return view->vlan;
	if (view->protocol == ETHERTYPE_VLAN || view->protocol == ETHERTYPE_QINQ)
		load_bytes(view, view->l3_offset, &tag, sizeof(tag));
	return bpf_ntohs(tag) & 0xfff;
}

/*
 * A frame received by a device below a port: a bond's or a VLAN's. The tracepoint fires once, for this device, and not
 * again for the port.
 */
static __always_inline struct brpath_stacked *port_above(const struct view *view, struct brpath_stacked_key *key)
{
	struct brpath_stacked *stacked;

	if (!control.stacked)
		return NULL;
	key->ifindex = view->ifindex;
	key->vlan = vlan_of(view);
	stacked = bpf_map_lookup_elem(&stacked_devices, key);
	if (!stacked && key->vlan) {
		key->vlan = 0;
		stacked = bpf_map_lookup_elem(&stacked_devices, key);
	}
	return stacked && stacked->port ? stacked : NULL;
}

static __always_inline void enter(struct sk_buff *skb, struct net_device *dev)
{
	bool is_port = is_bridge_port(dev);
	struct brpath_stacked_key key = {};
	struct brpath_cpu *cpu = this_cpu();
	struct brpath_stacked *stacked;
	struct view view = {};

	if (!cpu || !enabled() || (!is_port && !control.stacked))
		return;
	view_device(&view, dev);
	if (!is_watched(view.net))
		return;
	view.skb = (__u64)skb;
	view.head = (__u64)skb->head;
	/* The network header is not set yet here, data is. */
	view_packet(&view, skb, (__u64)skb->data - view.head);
	stacked = port_above(&view, &key);
	if (stacked) {
		if (config.bridge && stacked->bridge != config.bridge)
			return;
		if (key.vlan)
			untag(&view);
		view.ifindex = stacked->port;
	} else if (!is_port || !is_wanted(&view)) {
		return;
	}
	handle_enter(cpu, &view);
}

/* On a port: enter. On a bridge device: up. */
SEC("tp_btf/netif_receive_skb")
int BPF_PROG(tp_netif_receive_skb, struct sk_buff *skb)
{
	struct net_device *dev = skb->dev;

	if (is_bridge_device(dev)) {
		if (config.tracepoint_stages & BRPATH_TP_UP)
			up(skb);
	} else if (config.tracepoint_stages & BRPATH_TP_ENTER) {
		enter(skb, dev);
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

/* Arguments: skb, location, and in newer kernels the reason. */
SEC("tp_btf/kfree_skb")
int tp_kfree_skb(__u64 *ctx)
{
	drop((struct sk_buff *)ctx[0], is_netfilter_drop(ctx));
	return 0;
}

#endif
