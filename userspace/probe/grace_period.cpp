// SPDX-License-Identifier: BSD-2-Clause
#include "probe/grace_period.hpp"

#include <bpf/bpf.h>
#include <cerrno>
#include <cstdint>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace brpath {

namespace {

// synchronize_rcu() and nothing else (kernel/sched/membarrier.c). On a single CPU the kernel skips it, which
// is enough for user space but not for a program that was preempted; with nohz_full it refuses.
bool wait_by_membarrier() {
    return sysconf(_SC_NPROCESSORS_ONLN) > 1 && syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0;
}

} // namespace

Result<void> GracePeriod::wait() {
    if (wait_by_membarrier())
        return {};
    return wait_by_map();
}

// An update of a map of maps from user space returns after synchronize_rcu() (maybe_wait_bpf_programs() in
// kernel/bpf/syscall.c). It is the second choice because the update itself keeps kprobe programs from running
// on this CPU for a moment.
Result<void> GracePeriod::wait_by_map() {
    const std::uint32_t key = 0;

    if (!outer_) {
        inner_ =
            UniqueFd(bpf_map_create(BPF_MAP_TYPE_ARRAY, "grace_inner", sizeof(key), sizeof(key), 1, nullptr));
        if (!inner_)
            return fail_errno("make a map to wait for programs", errno);
        LIBBPF_OPTS(bpf_map_create_opts, options);
        options.inner_map_fd = static_cast<__u32>(inner_.get());
        outer_ = UniqueFd(
            bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "grace", sizeof(key), sizeof(key), 1, &options));
        if (!outer_)
            return fail_errno("make a map to wait for programs", errno);
    }
    const int inner = inner_.get();
    if (bpf_map_update_elem(outer_.get(), &key, &inner, BPF_ANY))
        return fail_errno("wait for the end of a generation", errno);
    return {};
}

} // namespace brpath
