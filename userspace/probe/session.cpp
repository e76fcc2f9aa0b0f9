// SPDX-License-Identifier: BSD-2-Clause
#include "probe/session.hpp"

#include "probe/handles.hpp"
#include "probe/libbpf_log.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <bpf/bpf.h>
#include <brpath.skel.h>
#include <cerrno>
#include <cstddef>
#include <fmt/format.h>
#include <string_view>

namespace brpath {

namespace {

struct SkeletonDeleter {
    void operator()(brpath_bpf *skeleton) const { brpath_bpf__destroy(skeleton); }
};

std::string last_lines(const std::string &text, std::size_t lines) {
    std::size_t from = text.size();

    while (from > 0 && text.back() == '\n' && from == text.size())
        from--;
    for (std::size_t seen = 0; from > 0; from--)
        if (text[from - 1] == '\n' && ++seen == lines)
            break;
    return text.substr(from);
}

bool is_drain(const bpf_program *program) {
    return bpf_program__expected_attach_type(program) == BPF_TRACE_ITER;
}

// An iterator does nothing until it is read.
LinkHandle attach_drain(const bpf_program *program, const bpf_map *table) {
    bpf_iter_link_info info{};
    LIBBPF_OPTS(bpf_iter_attach_opts, options);

    info.map.map_fd = static_cast<__u32>(bpf_map__fd(table));
    options.link_info = &info;
    options.link_info_len = sizeof(info);
    return LinkHandle(bpf_program__attach_iter(program, &options));
}

bool serves_all(const HookPlan &plan, std::span<const char *const> names) {
    return std::all_of(names.begin(), names.end(), [&](std::string_view name) {
        return std::any_of(plan.begin(), plan.end(), [&](const auto &planned) {
            return planned.hook->name == name && planned.candidate;
        });
    });
}

} // namespace

// Members are destroyed from the last to the first: links, then the object with its maps.
struct SessionState {
    std::unique_ptr<brpath_bpf, SkeletonDeleter> skeleton;
    std::vector<bpf_program *> programs; // the planned ones, each once
    std::vector<LinkHandle> links;
    LinkHandle drains[2];
    StackedDevices stacked; // as the programs have them

    [[nodiscard]] brpath_control &control() const { return skeleton->bss->control; }
};

void SessionStateDeleter::operator()(SessionState *state) const {
    const std::unique_ptr<SessionState> owned(state);
}

Result<OpenedSession> OpenedSession::open(const HookPlan &plan, brpath_config config,
                                          const ProbeLimits &limits) {
    const LibbpfLog log;
    SessionStateHandle state(new SessionState{});

    state->skeleton.reset(brpath_bpf__open());
    if (!state->skeleton)
        return fail_errno("open the BPF object", errno);

    const int cpus = libbpf_num_possible_cpus();
    if (cpus < 0)
        return fail_errno("count the CPUs", cpus);
    config.cpus = static_cast<std::uint32_t>(cpus);
    config.remember_ended = !serves_all(plan, wait_hooks);
    config.tracepoint_stages = 0;
    for (const auto &planned : plan) {
        if (!planned.candidate)
            continue;
        config.tracepoint_stages |= planned.candidate->tracepoint_stage;
        bpf_program *program =
            bpf_object__find_program_by_name(state->skeleton->obj, planned.candidate->program);
        if (!program)
            return fail(ErrorKind::failed, fmt::format("find the program {}", planned.candidate->program),
                        "the BPF object does not have it");
        if (std::find(state->programs.begin(), state->programs.end(), program) == state->programs.end())
            state->programs.push_back(program);
    }
    // constant to the programs, writable until load
    const_cast<brpath_config &>(state->skeleton->rodata->config) = config;

    bpf_program *each = nullptr;
    bpf_object__for_each_program(each, state->skeleton->obj) {
        const bool planned =
            std::find(state->programs.begin(), state->programs.end(), each) != state->programs.end();
        bpf_program__set_autoload(each, planned || is_drain(each));
    }
    auto &maps = state->skeleton->maps;
    bpf_map__set_max_entries(maps.flows_even, limits.flow_table_entries);
    bpf_map__set_max_entries(maps.flows_odd, limits.flow_table_entries);
    bpf_map__set_max_entries(maps.records, limits.ring_bytes);
    bpf_map__set_max_entries(maps.cpus, config.cpus);
    bpf_map__set_max_entries(maps.recent_flows, config.cpus * 2);
    // Each CPU takes free entries of an LRU map in advance, 128 at a time.
    bpf_map__set_max_entries(maps.waiting, std::max(4096u, config.cpus * 512));
    return OpenedSession(std::move(state));
}

Result<LoadedSession> OpenedSession::load() && {
    LibbpfLog log;

    if (const int error = brpath_bpf__load(state_->skeleton.get()))
        return fail(error == -EPERM ? ErrorKind::permission : ErrorKind::unsupported, "load the BPF programs",
                    fmt::format("{}\n{}", fail_errno("load", error).value().why, last_lines(log.take(), 12)),
                    "please report this with the kernel's version and the text above");
    return LoadedSession(std::move(state_));
}

Result<AttachedSession> LoadedSession::attach() && {
    LibbpfLog log;

    for (bpf_program *program : state_->programs) {
        LinkHandle link(bpf_program__attach(program));
        if (!link)
            return fail(
                ErrorKind::unsupported, fmt::format("attach {}", bpf_program__name(program)),
                fmt::format("{}\n{}", fail_errno("attach", errno).value().why, last_lines(log.take(), 4)));
        state_->links.push_back(std::move(link));
    }
    const auto &skeleton = *state_->skeleton;
    state_->drains[0] = attach_drain(skeleton.progs.drain_even, skeleton.maps.flows_even);
    state_->drains[1] = attach_drain(skeleton.progs.drain_odd, skeleton.maps.flows_odd);
    if (!state_->drains[0] || !state_->drains[1])
        return fail(ErrorKind::unsupported, "attach an iterator to the flow table",
                    fail_errno("attach", errno).value().why, "it takes a kernel of 5.9 or later");
    return AttachedSession(std::move(state_));
}

void AttachedSession::enable() { std::atomic_ref(state_->control().enabled).store(1); }

void AttachedSession::disable() { std::atomic_ref(state_->control().enabled).store(0); }

void AttachedSession::set_setting(const brpath_setting &ipv4, const brpath_setting &ipv6,
                                  bool bridge_attributes) {
    auto &control = state_->control();

    // four bytes each: a program sees the old ones or the new ones, never a mixture
    std::atomic_ref(reinterpret_cast<std::uint32_t &>(control.setting[0]))
        .store(std::bit_cast<std::uint32_t>(ipv4));
    std::atomic_ref(reinterpret_cast<std::uint32_t &>(control.setting[1]))
        .store(std::bit_cast<std::uint32_t>(ipv6));
    std::atomic_ref(control.bridge_attributes).store(bridge_attributes);
}

void AttachedSession::set_conntrack_in(std::uint64_t ipv4, std::uint64_t ipv6) {
    auto &control = state_->control();

    std::atomic_ref(control.conntrack_in[0]).store(ipv4);
    std::atomic_ref(control.conntrack_in[1]).store(ipv6);
}

void AttachedSession::set_nf_hook_slow(std::uint64_t begin, std::uint64_t end) {
    auto &control = state_->control();

    std::atomic_ref(control.nf_hook_slow[0]).store(begin);
    std::atomic_ref(control.nf_hook_slow[1]).store(end);
}

Result<void> AttachedSession::set_stacked(const StackedDevices &devices) {
    const int map = bpf_map__fd(state_->skeleton->maps.stacked_devices);
    auto &known = state_->stacked;

    // Only what has changed: a call on a hash map keeps kprobe programs from running meanwhile.
    for (auto old = known.begin(); old != known.end();) {
        if (devices.contains(old->first)) {
            ++old;
            continue;
        }
        bpf_map_delete_elem(map, &old->first);
        old = known.erase(old);
    }
    for (const auto &[device, belongs] : devices) {
        const auto old = known.find(device);
        if (old != known.end() && old->second.port == belongs.port && old->second.bridge == belongs.bridge)
            continue;
        if (bpf_map_update_elem(map, &device, &belongs, BPF_ANY))
            return fail_errno("tell the programs of devices below ports", errno);
        known[device] = belongs;
    }
    std::atomic_ref(state_->control().stacked).store(!known.empty());
    return {};
}

void AttachedSession::set_generation(std::uint32_t generation) {
    std::atomic_ref(state_->control().generation).store(generation);
}

ProbeMaps AttachedSession::maps() const {
    const auto &maps = state_->skeleton->maps;
    return {{bpf_link__fd(state_->drains[0].get()), bpf_link__fd(state_->drains[1].get())},
            bpf_map__fd(maps.cpus),
            bpf_map__fd(maps.recent_flows),
            bpf_map__fd(maps.records)};
}

std::optional<std::uint64_t> AttachedSession::missed_runs() const {
    constexpr auto needed =
        offsetof(bpf_prog_info, recursion_misses) + sizeof(bpf_prog_info::recursion_misses);
    std::uint64_t missed = 0;
    bool is_certain = true;

    for (const bpf_program *program : state_->programs) {
        bpf_prog_info info{};
        __u32 length = sizeof(info);
        if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &length) || length < needed)
            return std::nullopt;
        missed += info.recursion_misses;
        // Before "bpf: Count missed stats in trace_call_bpf" (v6.7) the kernel did not count these: zero says
        // nothing.
        if (bpf_program__type(program) == BPF_PROG_TYPE_KPROBE)
            is_certain = false;
    }
    return is_certain || missed ? std::optional(missed) : std::nullopt;
}

} // namespace brpath
