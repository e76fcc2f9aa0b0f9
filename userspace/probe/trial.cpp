// SPDX-License-Identifier: BSD-2-Clause
#include "probe/trial.hpp"

#include "probe/handles.hpp"
#include "probe/libbpf_log.hpp"
#include "util/unique_fd.hpp"

#include <array>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <cerrno>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <string>
#include <vector>

namespace brpath {

namespace {

struct Target {
    UniqueFd module; // empty: vmlinux
    std::uint32_t type = 0;
};

bpf_attach_type attach_type(AttachKind kind) {
    switch (kind) {
    case AttachKind::fentry:
        return BPF_TRACE_FENTRY;
    case AttachKind::fexit:
        return BPF_TRACE_FEXIT;
    case AttachKind::tracepoint:
        break;
    }
    return BPF_TRACE_RAW_TP;
}

// A tracepoint's type is a typedef with this prefix (kernel: BTF_TRACE_IDs).
std::int32_t find_type(const btf *types, AttachKind kind, const char *symbol) {
    if (kind == AttachKind::tracepoint)
        return btf__find_by_name_kind(types, fmt::format("btf_trace_{}", symbol).c_str(), BTF_KIND_TYPEDEF);
    return btf__find_by_name_kind(types, symbol, BTF_KIND_FUNC);
}

struct ModuleTypes {
    UniqueFd fd;
    BtfHandle types;
};

std::vector<ModuleTypes> load_module_types(btf *vmlinux) {
    std::vector<ModuleTypes> modules;
    std::uint32_t id = 0;

    while (bpf_btf_get_next_id(id, &id) == 0) {
        ModuleTypes module{UniqueFd(bpf_btf_get_fd_by_id(id)), nullptr};
        std::array<char, 64> name{};
        bpf_btf_info info{};
        __u32 length = sizeof(info);

        info.name = reinterpret_cast<__u64>(name.data());
        info.name_len = name.size();
        if (!module.fd || bpf_obj_get_info_by_fd(module.fd.get(), &info, &length))
            continue; // gone since
        if (!info.kernel_btf || std::string(name.data()) == "vmlinux")
            continue;
        module.types.reset(btf__load_from_kernel_by_id_split(id, vmlinux));
        if (module.types)
            modules.push_back(std::move(module));
    }
    return modules;
}

// A program that returns 0, for this target. Loads and attaches it.
int attach_nothing(AttachKind kind, const Target &target) {
    constexpr std::array<bpf_insn, 2> nothing{{
        {BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0},
        {BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
    }};
    LIBBPF_OPTS(bpf_prog_load_opts, options);

    options.expected_attach_type = attach_type(kind);
    options.attach_btf_id = target.type;
    options.attach_btf_obj_fd = target.module ? static_cast<__u32>(target.module.get()) : 0;
    const UniqueFd program(bpf_prog_load(BPF_PROG_TYPE_TRACING, "brpath_trial", "GPL", nothing.data(),
                                         nothing.size(), &options));
    if (!program)
        return -errno;
    const UniqueFd link(bpf_raw_tracepoint_open(nullptr, program.get()));
    return link ? 0 : -errno;
}

} // namespace

struct Trials::Types {
    BtfHandle vmlinux;
    std::vector<ModuleTypes> modules; // refer to vmlinux
    bool modules_loaded = false;

    // type 0: nowhere
    Target find(AttachKind kind, const char *symbol) {
        if (!vmlinux)
            vmlinux.reset(btf__load_vmlinux_btf());
        if (!vmlinux)
            return {};
        if (const auto type = find_type(vmlinux.get(), kind, symbol); type > 0)
            return {UniqueFd(), static_cast<std::uint32_t>(type)};
        if (!std::exchange(modules_loaded, true))
            modules = load_module_types(vmlinux.get());
        for (const auto &module : modules)
            if (const auto type = find_type(module.types.get(), kind, symbol); type > 0)
                return {UniqueFd(dup(module.fd.get())), static_cast<std::uint32_t>(type)};
        return {};
    }
};

Trials::Trials() : types_(std::make_unique<Types>()) {}

Trials::~Trials() = default;

Result<void> Trials::operator()(AttachKind kind, const char *symbol) {
    const std::string tried = fmt::format("attach {} to {}", backend_name(kind), symbol);
    const LibbpfLog quiet;
    const Target target = types_->find(kind, symbol);

    if (!target.type)
        return fail(ErrorKind::unsupported, tried, "the kernel's type information (BTF) does not have it",
                    fmt::format("is its module loaded, and does it have BTF? grep -w {} /proc/kallsyms; "
                                "ls /sys/kernel/btf",
                                symbol));
    if (const int error = attach_nothing(kind, target)) {
        auto failure = fail_errno(tried, error);
        failure.value().kind = ErrorKind::unsupported; // capabilities were checked before
        return failure;
    }
    return {};
}

} // namespace brpath
