/* SPDX-License-Identifier: GPL-2.0-only */
/* Headers that change on the way: how they differ, and what conntrack knows of them. */
#ifndef BRPATH_TRANSLATION_BPF_H
#define BRPATH_TRANSLATION_BPF_H

#include "frame.bpf.h"

static __always_inline bool is_same_tuple(const struct brpath_tuple *a, const struct brpath_tuple *b)
{
	const __u32 *x = (const void *)a;
	const __u32 *y = (const void *)b;
	__u32 difference = 0;
	int i;

#pragma unroll
	for (i = 0; i < (int)(sizeof(*a) / 4); i++)
		difference |= x[i] ^ y[i];
	return !difference;
}

/* Not zero. Tells two translations of one flow apart within one generation; the tuple itself is in the value. */
static __always_inline __u32 hash_tuple(const struct brpath_tuple *tuple)
{
	const __u32 *words = (const void *)tuple;
	__u32 hash = 2166136261u;
	int i;

#pragma unroll
	for (i = 0; i < (int)(sizeof(*tuple) / 4); i++)
		hash = (hash ^ words[i]) * 16777619u;
	return hash | 1;
}

/* The header that the current frame has by now. */
static __always_inline void parse_again(struct packet *packet, const struct brpath_frame *frame,
					const struct view *view)
{
	packet->ethertype = frame->key.ethertype;
	/* The network header of a PPPoE frame is PPPoE's, which is 6 bytes and 2 of PPP. */
	parse_ip(packet, view, view->l3_offset + (frame->key.tag == BRPATH_TAG_PPPOE ? 8 : 0));
}

/* What is translated in an IPv4 header without options and in the one above it. */
struct ipv4_ends {
	__be32 saddr;
	__be32 daddr;
	__be16 sport;
	__be16 dport;
};

/* A header that is what it was is not taken apart again. */
static __always_inline bool is_unchanged(const struct brpath_frame *frame, const struct view *view)
{
	__u32 offset = view->l3_offset + (frame->key.tag == BRPATH_TAG_PPPOE ? 8 : 0);
	const struct brpath_tuple *in = &frame->key.in;
	struct ipv4_ends ends;

	return load_bytes(view, offset + offsetof(struct ipv4_header, saddr), &ends, sizeof(ends)) &&
	       ends.saddr == *(const __be32 *)in->saddr && ends.daddr == *(const __be32 *)in->daddr &&
	       ends.sport == bpf_htons(in->sport) && ends.dport == bpf_htons(in->dport);
}

/* The current frame leaves by a port for the first time. */
static __always_inline void note_way_out(struct brpath_cpu *cpu, struct brpath_frame *frame, const struct view *view)
{
	struct packet packet = {};

	note_conntrack(frame, view);
	note_hooked(cpu, frame, view);
	frame->key.port_out = view->ifindex;
	frame->port = view->port_data;
	if (frame->plain && is_unchanged(frame, view))
		return;
	parse_again(&packet, frame, view);
	/*
	 * A header that could not be read again says nothing. Neither does a fragment that leaves inside the packet
	 * that conntrack put together, with ports that it entered without; nor the other way round.
	 */
	if (packet.proto != frame->key.proto || packet.has_l4 != frame->has_l4 ||
	    is_same_tuple(&packet.tuple, &frame->key.in))
		return;
	frame->out = packet.tuple;
	frame->key.translation = hash_tuple(&packet.tuple);
}

/*
 * A connection's request enters with one header and goes on with another: told so that a pair has its server also
 * where that is not behind a port, or where the frame waited on the way. Until there is a reply every request says
 * so again; the last one of a CPU is not repeated.
 */
static __always_inline void report_translation(struct brpath_cpu *cpu, const struct brpath_flow_key *key,
					       const struct brpath_tuple *in, const struct brpath_tuple *out)
{
	__u32 hash = hash_tuple(in) * 31 + hash_tuple(out);
	__u32 generation = current_generation();
	struct brpath_record *record;

	if (hash == cpu->last_translation || is_same_tuple(out, in))
		return;
	record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
	if (!record) {
		cpu->totals[generation & 1].ring_full++;
		return;
	}
	__builtin_memset(record, 0, sizeof(*record));
	record->generation = generation;
	record->kind = BRPATH_RECORD_TRANSLATION;
	record->key = *key;
	record->key.in = *in;
	record->flow.out = *out;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	cpu->last_translation = hash;
}

/* One of conntrack's tuples, as the header of a frame in its direction or (reverse) of the answer to it. */
static __always_inline void read_conntrack_tuple(struct brpath_tuple *tuple, const struct brpath_flow_key *key,
						 struct nf_conntrack_tuple *from, bool reverse)
{
	bool icmp = is_icmp(key->proto);
	void *source = reverse ? (void *)&from->dst.u3 : (void *)&from->src.u3;
	void *destination = reverse ? (void *)&from->src.u3 : (void *)&from->dst.u3;
	__u16 source_port = bpf_ntohs(BPF_CORE_READ(from, src.u.all));
	/* For ICMP the source's half is the identifier and the other one type and code. */
	__u16 destination_port = icmp ? source_port : bpf_ntohs(BPF_CORE_READ(from, dst.u.all));

	__builtin_memset(tuple, 0, sizeof(*tuple));
	if (key->ethertype == ETHERTYPE_IPV6) {
		bpf_probe_read_kernel(tuple->saddr, 16, source);
		bpf_probe_read_kernel(tuple->daddr, 16, destination);
	} else {
		bpf_probe_read_kernel(tuple->saddr, 4, source);
		bpf_probe_read_kernel(tuple->daddr, 4, destination);
	}
	tuple->sport = reverse ? destination_port : source_port;
	tuple->dport = reverse ? source_port : destination_port;
}

static __always_inline struct nf_conn *connection_of(const struct view *view)
{
	return (void *)(view->nfct & ~(__u64)NFCT_INFO_MASK);
}

#endif
