// SPDX-License-Identifier: GPL-2.0-only
/* Programs that do nothing: what it costs to be called at a hook, before anything is done there. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("fentry")
int floor_fentry(void *ctx) { return 0; }

SEC("fexit")
int floor_fexit(void *ctx) { return 0; }

SEC("tp_btf")
int floor_tracepoint(void *ctx) { return 0; }
