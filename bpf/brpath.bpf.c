// SPDX-License-Identifier: GPL-2.0-only
/* All programs. The loader picks those that this kernel allows (userspace/probe/hook_table.cpp). */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "drain.bpf.h"
#include "fentry.bpf.h"
#include "kprobe.bpf.h"
#include "tracepoint.bpf.h"

char LICENSE[] SEC("license") = "GPL";
