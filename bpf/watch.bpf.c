// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who changes the setting. The writer is described here, while it is there: it may have ended before anybody reads
 * the record.
 */
#include <asm/ptrace.h>
#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <brpath/watch_abi.h>

#include "device_flags.bpf.h"
#include "task_types.bpf.h"

#define ALLOW 1
#define REFUSE 0

#define IFF_UP 1 /* include/uapi/linux/if.h */

#define INT_MAX 2147483647L
#define INT_MIN (-INT_MAX - 1)

/* proc_get_long() refuses numbers of 21 characters and more. */
#define SYSCTL_TEXT 32

/* Key: the name. Value: its number. Written by the loader once. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, struct brpath_sysctl_key);
	__type(value, __u32);
} sysctls SEC(".maps");

/* Value: the one that has to stay. Written by the loader before anything is attached. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, struct brpath_guard_key);
	__type(value, __u32);
} guards SEC(".maps");

/* struct brpath_change. Full: lost. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 * 1024 * 1024);
} changes SEC(".maps");

/* kernel.sysctl_writes_strict is 1: what is not written at the beginning of the file is passed over. */
const volatile __u8 strict = 1;
__u64 lost = 0;

static __always_inline void describe_process(struct brpath_process *process, struct task_struct *task)
{
	process->pid = BPF_CORE_READ(task, tgid);
	process->uid = BPF_CORE_READ(task, cred, uid.val);
	BPF_CORE_READ_STR_INTO(&process->comm, task, group_leader, comm);
}

static __always_inline void describe_writer(struct brpath_change *change)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	unsigned long begin = BPF_CORE_READ(task, mm, arg_start);
	__u64 length = BPF_CORE_READ(task, mm, arg_end) - begin;

	change->login_uid = 4294967295;
	if (bpf_core_field_exists(task->loginuid))
		change->login_uid = BPF_CORE_READ(task, loginuid.val);
	if (length > BRPATH_ARGUMENTS - 1)
		length = BRPATH_ARGUMENTS - 1;
	/* The mask is for the verifier. */
	length &= BRPATH_ARGUMENTS - 1;
	change->arguments_length = length;
	if (!begin || bpf_probe_read_user(change->arguments, length, (void *)begin))
		change->arguments_length = 0; /* not in memory: /proc will tell, if the process is still there */
	for (int i = 0; i < BRPATH_ANCESTORS; i++) {
		change->chain[i].pid = 0;
		if (!task)
			continue;
		describe_process(&change->chain[i], task);
		task = change->chain[i].pid > 1 ? BPF_CORE_READ(task, real_parent) : NULL;
	}
}

static __always_inline bool is_blank(char letter)
{
	return letter == ' ' || (letter >= '\t' && letter <= '\r');
}

/*
 * What a write of that text leaves: 0, 1 or BRPATH_SYSCTL_INVALID. brnf_sysctl_call_tables() (br_netfilter_hooks.c)
 * hands it to proc_dointvec() and makes every value but 0 a 1. proc_dointvec() takes the first number and wants a blank
 * or the end behind it (proc_get_long(), kernel/sysctl.c); bpf_strtol() reads numbers alike, and stops at what is none.
 */
static __always_inline int value_of(const char text[SYSCTL_TEXT])
{
	char behind = 0;
	long number = 0;
	int length = bpf_strtol(text, SYSCTL_TEXT - 1, 0, &number);

	if (length <= 0 || number > INT_MAX || number < INT_MIN)
		return BRPATH_SYSCTL_INVALID;
		/*
		 * Not text[length]: reading the stack at an offset that is not constant is refused before v5.12,
		 * 01f810ace9ed
		 * ("bpf: Allow variable-offset stack access"). The barrier keeps the compiler from making that of the
		 * loop.
		 */
#pragma unroll
	for (int i = 0; i < SYSCTL_TEXT; i++) {
		int at = i;

		barrier_var(at);
		if (at == length)
			behind = text[i];
	}
	return behind && !is_blank(behind) ? BRPATH_SYSCTL_INVALID : number != 0;
}

/* NULL: no room, and counted. */
static __always_inline struct brpath_change *begin_change(enum brpath_change_kind kind)
{
	struct brpath_change *change = bpf_ringbuf_reserve(&changes, sizeof(*change), 0);

	if (!change) {
		__sync_fetch_and_add(&lost, 1);
		return NULL;
	}
	change->time_ns = bpf_ktime_get_ns();
	change->cgroup = 0;
	change->kind = kind;
	change->netns = 0;
	change->subject = 0;
	change->old_value = BRPATH_SYSCTL_INVALID;
	change->new_value = BRPATH_SYSCTL_INVALID;
	change->refused = 0;
	change->is_announced = 0;
	change->ignored = 0;
	describe_writer(change);
	return change;
}

static __always_inline bool is_guarded(__u32 netns, __u32 sysctl, int new_value)
{
	struct brpath_guard_key key = { .netns = netns, .sysctl = sysctl };
	__u32 *stays = bpf_map_lookup_elem(&guards, &key);

	if (!stays) {
		key.netns = 0;
		stays = bpf_map_lookup_elem(&guards, &key);
	}
	return stays && (int)*stays != new_value;
}

SEC("cgroup/sysctl")
int sysctl_write(struct bpf_sysctl *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct brpath_sysctl_key key = {};
	char old_text[SYSCTL_TEXT] = {}, new_text[SYSCTL_TEXT] = {};
	struct brpath_change *change;
	__u32 *sysctl, netns;
	bool ignored, refused;
	int new_value;

	if (!ctx->write || bpf_sysctl_get_name(ctx, key.name, sizeof(key.name), 0) < 0)
		return ALLOW;
	sysctl = bpf_map_lookup_elem(&sysctls, &key);
	if (!sysctl)
		return ALLOW;
	ignored = strict && ctx->file_pos;
	bpf_sysctl_get_new_value(ctx, new_text, sizeof(new_text)); /* too long: what fits */
	new_value = value_of(new_text);
	netns = BPF_CORE_READ(task, nsproxy, net_ns, ns.inum);
	refused = is_guarded(netns, *sysctl, new_value);

	change = begin_change(BRPATH_CHANGE_SYSCTL);
	if (change) {
		bpf_sysctl_get_current_value(ctx, old_text, sizeof(old_text));
		change->cgroup = bpf_get_current_cgroup_id();
		change->netns = netns;
		change->subject = *sysctl;
		change->old_value = value_of(old_text);
		change->new_value = new_value;
		change->refused = refused;
		change->ignored = ignored;
		bpf_ringbuf_submit(change, 0);
	}
	return refused ? REFUSE : ALLOW;
}

static __always_inline int module_change(struct bpf_raw_tracepoint_args *ctx, enum brpath_change_kind kind)
{
	static const char wanted[] = "br_netfilter";
	struct module *module = (struct module *)ctx->args[0];
	struct brpath_change *change;
	char name[16] = {};

	if (!bpf_core_type_exists(struct module))
		return 0;
	BPF_CORE_READ_STR_INTO(&name, module, name);
	for (unsigned int i = 0; i < sizeof(wanted); i++)
		if (name[i] != wanted[i])
			return 0;
	change = begin_change(kind);
	if (change) {
		change->cgroup = bpf_get_current_cgroup_id();
		bpf_ringbuf_submit(change, 0);
	}
	return 0;
}

SEC("raw_tp/module_load")
int module_load(struct bpf_raw_tracepoint_args *ctx)
{
	return module_change(ctx, BRPATH_CHANGE_MODULE_LOADED);
}

SEC("raw_tp/module_free")
int module_free(struct bpf_raw_tracepoint_args *ctx)
{
	return module_change(ctx, BRPATH_CHANGE_MODULE_UNLOADED);
}

/*
 * netdev_state_change(), by which both ways to a bridge's attributes, sysfs and netlink, announce that they are done,
 * in the writer's context. Of a device that is down nothing is announced.
 */
SEC("kprobe")
int BPF_KPROBE(bridge_change, struct net_device *dev)
{
	struct brpath_change *change;

	if (!is_bridge_device_probed(dev))
		return 0;
	change = begin_change(BRPATH_CHANGE_BRIDGE);
	if (change) {
		change->cgroup = bpf_get_current_cgroup_id();
		change->netns = BPF_CORE_READ(dev, nd_net.net, ns.inum);
		change->subject = BPF_CORE_READ(dev, ifindex);
		change->is_announced = BPF_CORE_READ(dev, flags) & IFF_UP;
		bpf_ringbuf_submit(change, 0);
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
