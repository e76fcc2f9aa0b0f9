/* SPDX-License-Identifier: GPL-2.0-only */
/* Packet bytes to a tuple. Never reads beyond the linear part; what is not there stays zero. */
#ifndef BRPATH_PARSE_BPF_H
#define BRPATH_PARSE_BPF_H

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <brpath/abi.h>

#include "view.bpf.h"

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_PPPOE = 0x8864,
	PPP_IPV4 = 0x0021,
	PPP_IPV6 = 0x0057,
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ICMPV6 = 58,
	PROTO_SCTP = 132,
	ICMP_ECHO_REPLY = 0,
	ICMP_ECHO = 8,
	ICMPV6_ECHO = 128,
	ICMPV6_ECHO_REPLY = 129,
	ICMP_UNREACHABLE = 3,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_PARAMETER_PROBLEM = 12,
	ICMPV6_INFORMATIONAL = 128, /* from here on: no errors */
	ICMP_HEADER = 8,	    /* of an error, and what it quotes follows */
	IPV4_FRAGMENT_OFFSET = 0x1fff,
	IPV4_FRAGMENT = 0x3fff, /* offset, more fragments */
	IPV6_HOP_BY_HOP = 0,
	IPV6_ROUTING = 43,
	IPV6_FRAGMENT = 44,
	IPV6_DESTINATION = 60,
	IPV6_EXTENSIONS_MAX = 6,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_ACK = 0x10,
	TCP_FIN = 0x01,
};

struct ipv4_header {
	__u8 version_ihl;
	__u8 tos;
	__be16 total_length;
	__be16 id;
	__be16 fragment;
	__u8 ttl;
	__u8 protocol;
	__be16 checksum;
	__be32 saddr;
	__be32 daddr;
};

struct ipv6_header {
	__u8 version_class_flow[4];
	__be16 payload_length;
	__u8 next_header;
	__u8 hop_limit;
	__u8 saddr[16];
	__u8 daddr[16];
};

struct packet {
	struct brpath_tuple tuple;
	__u16 ethertype;
	__u16 vlan;
	__u8 proto;
	__u8 tag;
	__u8 tcp_flags;
	__u8 icmp_type;
	__u8 quoted; /* as in struct brpath_flow_key */
	bool has_l4; /* the tuple's ports are those of the packet: a later fragment has none */
	bool fragment;
	bool plain; /* IPv4 without options, and ports above it */
};

static __always_inline bool is_ip(__u16 ethertype)
{
	return ethertype == ETHERTYPE_IPV4 || ethertype == ETHERTYPE_IPV6;
}

/* False if the bytes are not in the linear part: then nothing is known of them. */
static __always_inline bool load_bytes(const struct view *view, __u32 offset, void *to, __u32 size)
{
	if (offset + size > view->linear_end)
		return false;
	return !bpf_probe_read_kernel(to, size, (void *)(view->head + offset));
}

static __always_inline void parse_icmp(struct packet *packet, const __u8 *bytes)
{
	__u8 type = bytes[0];
	bool echo = packet->proto == PROTO_ICMP ? type == ICMP_ECHO || type == ICMP_ECHO_REPLY
						: type == ICMPV6_ECHO || type == ICMPV6_ECHO_REPLY;

	packet->icmp_type = type;
	if (echo)
		packet->tuple.sport = packet->tuple.dport = bytes[4] << 8 | bytes[5];
}

/* Ports, ICMP identifier, TCP flags: of the first `size` bytes of the header. */
static __always_inline void parse_l4_bytes(struct packet *packet, const __u8 *bytes, __u32 size)
{
	/* TCP's flags are in byte 13, all else within 8. */
	if (size < (packet->proto == PROTO_TCP ? 14 : 8))
		return;
	packet->has_l4 = true;
	switch (packet->proto) {
	case PROTO_TCP:
		packet->tcp_flags = bytes[13];
		/* fallthrough */
	case PROTO_UDP:
	case PROTO_SCTP:
		packet->tuple.sport = bpf_ntohs(*(const __be16 *)bytes);
		packet->tuple.dport = bpf_ntohs(*(const __be16 *)(bytes + 2));
		break;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		parse_icmp(packet, bytes);
		break;
	}
}

static __always_inline bool is_icmp(__u8 proto)
{
	return proto == PROTO_ICMP || proto == PROTO_ICMPV6;
}

static __always_inline bool is_icmp_error(const struct packet *packet)
{
	__u8 type = packet->icmp_type;

	if (packet->proto == PROTO_ICMPV6)
		return type < ICMPV6_INFORMATIONAL;
	return type == ICMP_UNREACHABLE || type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETER_PROBLEM;
}

/* What a quoted packet must have to be one that the sender of the error got from its receiver. */
static __always_inline bool is_quoted_by_receiver(const struct packet *packet, const __u8 *saddr, const __u8 *daddr)
{
	const __u32 *a = (const void *)packet->tuple.daddr, *b = (const void *)packet->tuple.saddr;
	const __u32 *x = (const void *)saddr, *y = (const void *)daddr;

	if (packet->ethertype == ETHERTYPE_IPV4)
		return a[0] == x[0] && b[0] == y[0];
	return a[0] == x[0] && a[1] == x[1] && a[2] == x[2] && a[3] == x[3] && b[0] == y[0] && b[1] == y[1] &&
	       b[2] == y[2] && b[3] == y[3];
}

/*
 * An ICMP error quotes the packet that it is about (RFC 792, RFC 4443): is that one of a conversation between the two?
 * What a router on the way says is not. Quoted extension headers are not followed.
 */
static __always_inline void parse_quoted(struct packet *packet, const struct view *view, __u32 offset)
{
	union {
		struct ipv4_header v4;
		struct ipv6_header v6;
		__u32 words[10];
	} ip;
	__be16 ports[2];
	__u8 proto;

	if (packet->ethertype == ETHERTYPE_IPV4) {
		if (!load_bytes(view, offset, &ip.v4, sizeof(ip.v4)) ||
		    ip.v4.fragment & bpf_htons(IPV4_FRAGMENT_OFFSET) ||
		    !is_quoted_by_receiver(packet, (void *)&ip.v4.saddr, (void *)&ip.v4.daddr))
			return;
		proto = ip.v4.protocol;
		offset += (ip.v4.version_ihl & 0xf) * 4;
	} else {
		if (!load_bytes(view, offset, &ip.v6, sizeof(ip.v6)) ||
		    !is_quoted_by_receiver(packet, ip.v6.saddr, ip.v6.daddr))
			return;
		proto = ip.v6.next_header;
		offset += sizeof(ip.v6);
	}
	if ((proto != PROTO_TCP && proto != PROTO_UDP && proto != PROTO_SCTP) ||
	    !load_bytes(view, offset, ports, sizeof(ports)))
		return;
	packet->quoted = proto;
	packet->tuple.sport = bpf_ntohs(ports[1]);
	packet->tuple.dport = bpf_ntohs(ports[0]);
}

static __always_inline void parse_l4(struct packet *packet, const struct view *view, __u32 offset)
{
	__u8 bytes[16];

	/* Constant sizes, for the verifier. */
	if (packet->proto == PROTO_TCP) {
		if (load_bytes(view, offset, bytes, 14))
			parse_l4_bytes(packet, bytes, 14);
	} else if (load_bytes(view, offset, bytes, 8)) {
		parse_l4_bytes(packet, bytes, 8);
		if (is_icmp(packet->proto) && is_icmp_error(packet))
			parse_quoted(packet, view, offset + ICMP_HEADER);
	}
}

/* An IPv4 header without options, and what follows: one read where the packet is long enough. */
struct ipv4_headers {
	struct ipv4_header ip;
	__u8 above[16];
};

/* Returns where the header of the protocol above is, from view->head; 0: not in this packet, or parsed already. */
static __always_inline __u32 parse_ipv4(struct packet *packet, const struct view *view, __u32 offset)
{
	struct ipv4_headers headers = {};
	bool whole = load_bytes(view, offset, &headers, sizeof(headers));

	if (!whole && !load_bytes(view, offset, &headers.ip, sizeof(headers.ip)))
		return 0;
	*(__u32 *)packet->tuple.saddr = headers.ip.saddr;
	*(__u32 *)packet->tuple.daddr = headers.ip.daddr;
	packet->proto = headers.ip.protocol;
	packet->fragment = headers.ip.fragment & bpf_htons(IPV4_FRAGMENT);
	if (headers.ip.fragment & bpf_htons(IPV4_FRAGMENT_OFFSET))
		return 0;
	if (!whole || headers.ip.version_ihl != 0x45 || packet->proto == PROTO_ICMP)
		return offset + (headers.ip.version_ihl & 0xf) * 4;
	parse_l4_bytes(packet, headers.above, sizeof(headers.above));
	packet->plain = packet->proto == PROTO_TCP || packet->proto == PROTO_UDP || packet->proto == PROTO_SCTP;
	return 0;
}

static __always_inline bool is_ipv6_extension(__u8 header)
{
	return header == IPV6_HOP_BY_HOP || header == IPV6_ROUTING || header == IPV6_FRAGMENT ||
	       header == IPV6_DESTINATION;
}

/* Likewise. */
static __always_inline __u32 parse_ipv6(struct packet *packet, const struct view *view, __u32 offset)
{
	struct ipv6_header ip;
	__u8 header;
	int i;

	if (!load_bytes(view, offset, &ip, sizeof(ip)))
		return 0;
	__builtin_memcpy(packet->tuple.saddr, ip.saddr, 16);
	__builtin_memcpy(packet->tuple.daddr, ip.daddr, 16);
	header = ip.next_header;
	offset += sizeof(ip);
	for (i = 0; i < IPV6_EXTENSIONS_MAX && is_ipv6_extension(header); i++) {
		__u8 extension[4]; /* next header, length, fragment offset and flags */

		packet->proto = header;
		if (!load_bytes(view, offset, extension, sizeof(extension)))
			return 0;
		if (header == IPV6_FRAGMENT) {
			packet->fragment = true;
			offset += 8;
			if ((extension[2] << 8 | extension[3]) & 0xfff8) {
				packet->proto = extension[0];
				return 0; /* not the first fragment: no ports here */
			}
		} else {
			offset += (extension[1] + 1) * 8;
		}
		header = extension[0];
		offset &= 0xffff;
	}
	packet->proto = header;
	return offset;
}

static __always_inline void parse_ip(struct packet *packet, const struct view *view, __u32 offset)
{
	__u32 above = 0;

	packet->icmp_type = BRPATH_ICMP_UNKNOWN;
	if (packet->ethertype == ETHERTYPE_IPV4)
		above = parse_ipv4(packet, view, offset);
	else if (packet->ethertype == ETHERTYPE_IPV6)
		above = parse_ipv6(packet, view, offset);
	above &= 0xffff;
	if (above)
		parse_l4(packet, view, above);
}

/*
 * Looks below one VLAN tag, in the skb or (before the kernel took it off) in the bytes, and below PPPoE.
 * Returns how far the IP header is from view->l3_offset.
 */
static __always_inline __u32 parse_tags(struct packet *packet, const struct view *view)
{
	__u8 bytes[8];

	packet->ethertype = view->protocol;
	if (view->vlan_present) {
		packet->tag = BRPATH_TAG_VLAN;
		packet->vlan = view->vlan;
	}
	if (view->protocol == ETHERTYPE_VLAN || view->protocol == ETHERTYPE_QINQ) {
		if (view->vlan_present || !load_bytes(view, view->l3_offset, bytes, 4))
			return 0; /* a second tag: counts by its EtherType */
		packet->tag = BRPATH_TAG_VLAN;
		packet->vlan = (bytes[0] & 0xf) << 8 | bytes[1];
		packet->ethertype = bytes[2] << 8 | bytes[3];
		return 4;
	}
	if (view->protocol == ETHERTYPE_PPPOE && load_bytes(view, view->l3_offset, bytes, 8)) {
		__u16 inner = bytes[6] << 8 | bytes[7];

		if (inner != PPP_IPV4 && inner != PPP_IPV6)
			return 0;
		packet->tag = BRPATH_TAG_PPPOE;
		packet->ethertype = inner == PPP_IPV4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
		return 8;
	}
	return 0;
}

/* Returns how far the IP header is from view->l3_offset. */
static __always_inline __u32 parse_packet(struct packet *packet, const struct view *view)
{
	__u32 below_tags = parse_tags(packet, view);

	parse_ip(packet, view, view->l3_offset + below_tags);
	return below_tags;
}

#endif
