// SPDX-License-Identifier: BSD-2-Clause
#include "watch/session.hpp"

#include "kernel/read_file.hpp"
#include "kernel/symbols.hpp"
#include "probe/handles.hpp"
#include "probe/libbpf_log.hpp"
#include "util/printable.hpp"
#include "watch/sysctls.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bpf/bpf.h>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <sys/vfs.h>
#include <watch.skel.h>

namespace brpath {

namespace {

struct SkeletonDeleter {
    void operator()(watch_bpf *skeleton) const { watch_bpf__destroy(skeleton); }
};

// A name with slashes, as the kernel has it, padded with NULs.
brpath_sysctl_key key_of(std::string_view dotted) {
    brpath_sysctl_key key{};

    for (std::size_t i = 0; i < dotted.size() && i + 1 < sizeof(key.name); i++)
        key.name[i] = dotted[i] == '.' ? '/' : dotted[i];
    return key;
}

Result<void> tell_sysctls(int map) {
    for (std::uint32_t i = 0; i < watched_sysctls.size(); i++) {
        const auto key = key_of(watched_sysctls.at(i));
        if (bpf_map_update_elem(map, &key, &i, BPF_ANY))
            return fail_errno("tell the programs of the sysctls", errno);
    }
    return {};
}

Result<void> tell_guards(int map, const std::vector<Guard> &guards) {
    for (const auto &guard : guards) {
        const auto found = std::find(watched_sysctls.begin(), watched_sysctls.end(), guard.sysctl);
        const brpath_guard_key key{guard.netns, static_cast<std::uint32_t>(found - watched_sysctls.begin())};
        if (bpf_map_update_elem(map, &key, &guard.stays, BPF_ANY))
            return fail_errno("tell the programs of the guards", errno);
    }
    return {};
}

// By whatever name the work is done: where there are both, netdev_state_change() calls netif_state_change()
// (v6.15).
const char *state_change_symbol() {
    constexpr std::array<const char *, 2> names = {"netif_state_change", "netdev_state_change"};
    const auto found = find_symbols({names.begin(), names.end()});

    for (const char *name : names)
        if (found.contains(name))
            return name;
    return nullptr;
}

bool has_kprobes() {
    std::error_code ignored;
    return std::filesystem::exists("/sys/bus/event_source/devices/kprobe/type", ignored);
}

bool is_strict() {
    constexpr std::size_t bytes_max = 64;
    const auto text = read_file("/proc/sys/kernel/sysctl_writes_strict", bytes_max);

    return !text || text->starts_with('1');
}

} // namespace

// Members are destroyed from the last to the first.
struct WatchState {
    std::unique_ptr<watch_bpf, SkeletonDeleter> skeleton;
    LinkHandle sysctls;
    std::vector<LinkHandle> others;
    RingBufferHandle ring;
    std::string blind;
    const std::function<void(const brpath_change &)> *handle = nullptr; // while consume() runs
};

namespace {

int take_record(void *context, void *data, std::size_t size) {
    const auto *state = static_cast<const WatchState *>(context);
    brpath_change change{};

    if (size >= sizeof(change)) {
        std::memcpy(&change, data, sizeof(change));
        (*state->handle)(change);
    }
    return 0;
}

// Modules that are built in neither come nor go, and then there is no tracepoint.
void attach_modules(WatchState &state) {
    for (bpf_program *program : {state.skeleton->progs.module_load, state.skeleton->progs.module_free})
        if (LinkHandle link(bpf_program__attach(program)); link)
            state.others.push_back(std::move(link));
}

void attach_bridges(WatchState &state) {
    const char *symbol = has_kprobes() ? state_change_symbol() : nullptr;

    if (!symbol) {
        state.blind = "this kernel has no kprobes";
        return;
    }
    LinkHandle link(bpf_program__attach_kprobe(state.skeleton->progs.bridge_change, false, symbol));
    if (!link) {
        state.blind =
            fmt::format("a kprobe on {} is refused: {}", symbol, fail_errno("attach", errno).value().why);
        return;
    }
    state.others.push_back(std::move(link));
}

} // namespace

void WatchStateDeleter::operator()(WatchState *state) const {
    const std::unique_ptr<WatchState> owned(state);
}

Result<WatchSession> WatchSession::start(const CgroupRoot &cgroups, const std::vector<Guard> &guards) {
    LibbpfLog log;
    std::unique_ptr<WatchState, WatchStateDeleter> state(new WatchState{});

    state->skeleton.reset(watch_bpf__open());
    if (!state->skeleton)
        return fail_errno("open the BPF object of watch", errno);
    auto &skeleton = *state->skeleton;
    // constant to the programs, writable until load
    const_cast<__u8 &>(skeleton.rodata->strict) = is_strict();
    bpf_program__set_autoload(skeleton.progs.bridge_change, has_kprobes());
    if (const int error = watch_bpf__load(&skeleton))
        return fail(error == -EPERM ? ErrorKind::permission : ErrorKind::unsupported,
                    "load the BPF programs of watch",
                    fmt::format("{}\n{}", fail_errno("load", error).value().why, log.take()),
                    "it takes CONFIG_CGROUP_BPF; please report this with the kernel's version");
    if (auto done = tell_sysctls(bpf_map__fd(skeleton.maps.sysctls)); !done)
        return Failure(done.error());
    if (auto done = tell_guards(bpf_map__fd(skeleton.maps.guards), guards); !done)
        return Failure(done.error());
    state->ring.reset(
        ring_buffer__new(bpf_map__fd(skeleton.maps.changes), take_record, state.get(), nullptr));
    if (!state->ring)
        return fail_errno("open the ring buffer of watch", errno);
    state->sysctls.reset(bpf_program__attach_cgroup(skeleton.progs.sysctl_write, cgroups.fd()));
    if (!state->sysctls)
        return fail(ErrorKind::unsupported, "attach to writes of sysctls",
                    fail_errno("attach", errno).value().why + "\n" + log.take(),
                    "it takes a kernel of 5.7 or later with CONFIG_CGROUP_BPF");
    attach_modules(*state);
    attach_bridges(*state);
    return WatchSession(std::move(state));
}

Result<void> WatchSession::pin(const std::string &path) {
    constexpr auto bpffs_magic = 0xcafe4a11; // linux/magic.h
    const auto tried = "pin the guard to " + printable(path);
    const auto folder = std::filesystem::path(path).parent_path().string();
    struct statfs status {};
    std::error_code ignored;
    LibbpfLog log;

    if (statfs(folder.c_str(), &status) || static_cast<std::uint32_t>(status.f_type) != bpffs_magic)
        return fail(ErrorKind::failed, tried, printable(folder) + " is no BPF file system",
                    "mount one: mount -t bpf bpf " + printable(folder));
    if (std::filesystem::exists(path, ignored))
        return fail(ErrorKind::usage, tried, "a guard is pinned there already",
                    "remove it first: rm " + printable(path));
    if (bpf_link__pin(state_->sysctls.get(), path.c_str()))
        return fail_errno(tried, errno);
    return {};
}

int WatchSession::fd() const { return ring_buffer__epoll_fd(state_->ring.get()); }

Result<void> WatchSession::consume(const std::function<void(const brpath_change &)> &handle) {
    state_->handle = &handle;
    const int consumed = ring_buffer__consume(state_->ring.get());
    state_->handle = nullptr;
    if (consumed < 0)
        return fail_errno("read the ring buffer of watch", consumed);
    return {};
}

std::uint64_t WatchSession::lost() const { return std::atomic_ref(state_->skeleton->bss->lost).load(); }

const std::string &WatchSession::blind() const { return state_->blind; }

} // namespace brpath
