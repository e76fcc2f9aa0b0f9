/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the programs of `brpath watch` and user space share.
 */
#ifndef BRPATH_WATCH_ABI_H
#define BRPATH_WATCH_ABI_H

#include <linux/types.h>

enum {
	BRPATH_SYSCTL_INVALID = -1, /* no number: the kernel answers EINVAL, and nothing changes */
	BRPATH_SYSCTL_NAME = 48,    /* "net/bridge/bridge-nf-filter-pppoe-tagged" and its end */
	BRPATH_ARGUMENTS = 256,	    /* a power of two; beyond it a command line is cut */
	BRPATH_ANCESTORS = 6,	    /* the writer first */
};

enum brpath_change_kind {
	BRPATH_CHANGE_SYSCTL,
	BRPATH_CHANGE_MODULE_LOADED,
	BRPATH_CHANGE_MODULE_UNLOADED,
	BRPATH_CHANGE_BRIDGE, /* something of a bridge; what, the netlink announcement that follows tells */
};

struct brpath_process {
	__u32 pid; /* in the first PID namespace; 0: there is none */
	__u32 uid;
	char comm[16];
};

struct brpath_change {
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__u64 cgroup;  /* id of the writer's in the unified hierarchy; 0: not known */
	__u32 kind;    /* enum brpath_change_kind */
	__u32 netns;   /* inode number: the writer's for a sysctl, the device's for a bridge */
	__u32 subject; /* number of the sysctl (brpath_sysctl_key), or the bridge's ifindex */
	__s8 old_value;
	__s8 new_value; /* BRPATH_SYSCTL_INVALID: no number */
	__u8 refused;
	__u8 is_announced; /* of a bridge: it is up, so that the kernel announces the change */
	__u8 ignored;	   /* not at the beginning of the file, which the kernel passes over */
	__u32 login_uid;   /* 4294967295: not set */
	__u32 arguments_length;
	struct brpath_process chain[BRPATH_ANCESTORS];
	char arguments[BRPATH_ARGUMENTS]; /* NUL after each */
};

/* Key of the map of sysctls. Padded with NULs. */
struct brpath_sysctl_key {
	char name[BRPATH_SYSCTL_NAME];
};

/* Key of the map of guards; its value is the one that has to stay. */
struct brpath_guard_key {
	__u32 netns; /* inode number; 0: all */
	__u32 sysctl;
};

#endif
