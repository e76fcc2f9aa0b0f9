/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's types of a task, as far as brpath reads them (see kernel_types.bpf.h).
 */
#ifndef BRPATH_TASK_TYPES_BPF_H
#define BRPATH_TASK_TYPES_BPF_H

#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	unsigned int val;
} kuid_t;

struct cred {
	kuid_t uid;
};

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

struct nsproxy {
	struct net *net_ns;
};

struct mm_struct {
	unsigned long arg_start;
	unsigned long arg_end;
};

struct task_struct {
	int tgid;
	struct mm_struct *mm;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	const struct cred *cred;
	kuid_t loginuid; /* with CONFIG_AUDIT */
	struct nsproxy *nsproxy;
	char comm[16];
};

/* With CONFIG_MODULES. */
struct module {
	char name[56];
};

typedef struct {
	struct net *net;
} possible_net_t;

struct net_device {
	unsigned int flags;
	int ifindex;
	possible_net_t nd_net;
};

#pragma clang attribute pop

#endif
