/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Empties a flow table that nobody writes to any more (docs/decisions/0012-reading-without-system-calls.md): each entry
 * goes to the reader of the iterator as struct brpath_drained.
 */
#ifndef BRPATH_DRAIN_BPF_H
#define BRPATH_DRAIN_BPF_H

#include <bpf/bpf_tracing.h>

#include "maps.bpf.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	void *key;
	void *value;
};

#pragma clang attribute pop

static __always_inline int drain(struct bpf_iter__bpf_map_elem *ctx, struct flow_table *table)
{
	const struct brpath_flow_key *key = ctx->key;
	const struct brpath_flow *flow = ctx->value;
	struct brpath_drained drained = {};

	if (!key || !flow) /* the end */
		return 0;
	drained.key = *key;
	drained.flow = *flow;
	/*
	 * No room: the entry comes again in the next read. All of it may have been reported through the ring; a frame
	 * taken back and another one counted are no frames, and perhaps bytes.
	 */
	if ((flow->frames || flow->bytes || flow->tcp_syn || flow->tcp_rst) &&
	    bpf_seq_write(ctx->meta->seq, &drained, sizeof(drained)))
		return 0;
	bpf_map_delete_elem(table, &drained.key);
	return 0;
}

SEC("iter/bpf_map_elem")
int drain_even(struct bpf_iter__bpf_map_elem *ctx)
{
	return drain(ctx, &flows_even);
}

SEC("iter/bpf_map_elem")
int drain_odd(struct bpf_iter__bpf_map_elem *ctx)
{
	return drain(ctx, &flows_odd);
}

#endif
