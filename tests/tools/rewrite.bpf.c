// SPDX-License-Identifier: GPL-2.0-only
/* A Service's TCP translated at tc, as eBPF data paths do it: the request before the bridge sees it, the
 * reply behind it. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <stddef.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

/* IPv4 addresses and the port as they stand in a header. */
const volatile __be32 service, server;
const volatile __be16 port;
const volatile __u8 server_mac[ETH_ALEN];

enum {
    IP_AT = ETH_HLEN,
    TCP_AT = IP_AT + sizeof(struct iphdr),
    IP_CHECKSUM_AT = IP_AT + offsetof(struct iphdr, check),
    TCP_CHECKSUM_AT = TCP_AT + offsetof(struct tcphdr, check),
};

static __always_inline int replace(struct __sk_buff *skb, __u32 at, __be32 from, __be32 to) {
    if (bpf_l4_csum_replace(skb, TCP_CHECKSUM_AT, from, to, BPF_F_PSEUDO_HDR | sizeof(to)) ||
        bpf_l3_csum_replace(skb, IP_CHECKSUM_AT, from, to, sizeof(to)) ||
        bpf_skb_store_bytes(skb, IP_AT + at, &to, sizeof(to), 0))
        return TC_ACT_SHOT;
    return TC_ACT_OK;
}

/* IPv4 without options, and TCP. */
static __always_inline int read_headers(struct __sk_buff *skb, struct iphdr *ip, struct tcphdr *tcp) {
    return skb->protocol != bpf_htons(ETH_P_IP) || bpf_skb_load_bytes(skb, IP_AT, ip, sizeof(*ip)) ||
           ip->ihl != 5 || ip->protocol != IPPROTO_TCP || bpf_skb_load_bytes(skb, TCP_AT, tcp, sizeof(*tcp));
}

SEC("tc")
int request(struct __sk_buff *skb) {
    __be32 from = service, to = server;
    __u8 mac[ETH_ALEN];
    struct tcphdr tcp;
    struct iphdr ip;
    int i;

    if (read_headers(skb, &ip, &tcp) || ip.daddr != from || tcp.dest != port)
        return TC_ACT_OK;
    for (i = 0; i < ETH_ALEN; i++)
        mac[i] = server_mac[i];
    if (bpf_skb_store_bytes(skb, offsetof(struct ethhdr, h_dest), mac, sizeof(mac), 0))
        return TC_ACT_SHOT;
    return replace(skb, offsetof(struct iphdr, daddr), from, to);
}

SEC("tc")
int reply(struct __sk_buff *skb) {
    __be32 from = server, to = service;
    struct tcphdr tcp;
    struct iphdr ip;

    if (read_headers(skb, &ip, &tcp) || ip.saddr != from || tcp.source != port)
        return TC_ACT_OK;
    return replace(skb, offsetof(struct iphdr, saddr), from, to);
}
