/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's types, as far as brpath reads them. CO-RE relocates every access against the running kernel's
 * BTF, so a build needs no BTF and no vmlinux.h; only names and nesting must be right, not offsets.
 */
#ifndef BRPATH_KERNEL_TYPES_BPF_H
#define BRPATH_KERNEL_TYPES_BPF_H

#include <linux/types.h>
#include <stdbool.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct nf_hook_entry {
	void *hook;
	void *priv;
};

struct nf_hook_entries {
	__u16 num_hook_entries;
	struct nf_hook_entry hooks[1]; /* flexible in the kernel */
};

struct netns_nf {
	struct nf_hook_entries *hooks_ipv4[5];
	struct nf_hook_entries *hooks_ipv6[5];
	struct nf_hook_entries *hooks_bridge[5]; /* with CONFIG_NETFILTER_FAMILY_BRIDGE */
};

struct net {
	struct ns_common ns;
	struct netns_nf nf;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct net_device {
	int ifindex;
	possible_net_t nd_net;
	void *rx_handler_data;
};

struct net_bridge {
	struct net_device *dev;
	unsigned long options;
};

struct net_bridge_port {
	struct net_bridge *br;
};

/* What the kernel ties to an skb; where each part is, in units of eight bytes. */
struct skb_ext {
	__u8 offset[1]; /* one for each kind */
};

/* br_netfilter's part. */
struct nf_bridge_info {
	__u8 pkt_otherhost : 1;
};

struct sk_buff {
	struct net_device *dev;
	unsigned long _nfct;
	unsigned int len;
	unsigned int data_len;
	int skb_iif;
	__u16 network_header;
	__be16 protocol;
	__be16 vlan_proto;
	__u16 vlan_tci;
	__u8 active_extensions;
	unsigned char *head;
	unsigned char *data;
	struct skb_ext *extensions;
};

union nf_inet_addr {
	__u32 all[4];
};

union nf_conntrack_man_proto {
	__be16 all;
};

struct nf_conntrack_man {
	union nf_inet_addr u3;
	union nf_conntrack_man_proto u;
};

struct nf_conntrack_tuple {
	struct nf_conntrack_man src;
	struct {
		union nf_inet_addr u3;
		union {
			__be16 all;
		} u;
	} dst;
};

struct nf_conntrack_tuple_hash {
	struct nf_conntrack_tuple tuple;
};

struct nf_conn {
	struct nf_conntrack_tuple_hash tuplehash[2];
};

#pragma clang attribute pop

struct sock;

/* Values are relocated too: only the names count, but for BROPT_* (compat.bpf.h). */
enum net_bridge_opts {
	BROPT_NF_CALL_IPTABLES = 2,
	BROPT_NF_CALL_IP6TABLES = 3,
};

enum skb_drop_reason {
	SKB_DROP_REASON_NETFILTER_DROP = 8,
};

enum skb_ext_id {
	SKB_EXT_BRIDGE_NF = 0,
};

/* include/net/netfilter/nf_conntrack_common.h; the low three bits of skb->_nfct, user-visible values. */
enum {
	NFCT_INFO_MASK = 7,
	IP_CT_NEW = 2,
	IP_CT_IS_REPLY = 3,
	IP_CT_UNTRACKED = 7,
};

#endif
