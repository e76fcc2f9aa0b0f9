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

// A program that does nothing, or nothing but call the helper: with the context, a number and a place on the
// stack, which is what bpf_get_func_arg() takes.
std::vector<bpf_insn> make_program(std::uint32_t helper) {
    constexpr bpf_insn leave[] = {{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0},
                                  {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
    std::vector<bpf_insn> program;

    if (helper)
        program = {
            {BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, 0},
            {BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_10, 0, 0},
            {BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_3, 0, 0, -8},
            {BPF_ST | BPF_MEM | BPF_DW, BPF_REG_3, 0, 0, 0},
            {BPF_JMP | BPF_CALL, 0, 0, 0, static_cast<__s32>(helper)},
        };
    program.insert(program.end(), std::begin(leave), std::end(leave));
    return program;
}

// Loads and attaches it.
int attach_once(const Candidate &candidate, const Target &target) {
    const auto program = make_program(candidate.helper);
    LIBBPF_OPTS(bpf_prog_load_opts, options);

    options.expected_attach_type = attach_type(candidate.kind);
    options.attach_btf_id = target.type;
    options.attach_btf_obj_fd = target.module ? static_cast<__u32>(target.module.get()) : 0;
    const UniqueFd loaded(bpf_prog_load(BPF_PROG_TYPE_TRACING, "brpath_trial", "GPL", program.data(),
                                        program.size(), &options));
    if (!loaded)
        return -errno;
    const UniqueFd link(bpf_raw_tracepoint_open(nullptr, loaded.get()));
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

Result<void> Trials::operator()(const Candidate &candidate) {
    const std::string tried = fmt::format("attach {} to {}", backend_name(candidate.kind), candidate.symbol);
    const LibbpfLog quiet;
    const Target target = types_->find(candidate.kind, candidate.symbol);

    if (!target.type)
        return fail(ErrorKind::unsupported, tried, "the kernel's type information (BTF) does not have it",
                    fmt::format("is its module loaded, and does it have BTF? grep -w {} /proc/kallsyms; "
                                "ls /sys/kernel/btf",
                                candidate.symbol));
    if (const int error = attach_once(candidate, target)) {
        auto failure = fail_errno(tried, error);
        failure.value().kind = ErrorKind::unsupported; // capabilities were checked before
        return failure;
    }
    return {};
}

} // namespace brpath
