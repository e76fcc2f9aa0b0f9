// SPDX-License-Identifier: BSD-2-Clause
#include "probe/trial.hpp"

#include "kernel/symbols.hpp"
#include "probe/kernel_types.hpp"
#include "probe/libbpf_log.hpp"
#include "util/unique_fd.hpp"

#include <bpf/bpf.h>
#include <cerrno>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <map>
#include <optional>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace brpath {

namespace {

bpf_attach_type attach_type(AttachKind kind) {
    switch (kind) {
    case AttachKind::fentry:
        return BPF_TRACE_FENTRY;
    case AttachKind::fexit:
        return BPF_TRACE_FEXIT;
    default:
        return BPF_TRACE_RAW_TP;
    }
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
int attach_once(const Candidate &candidate, const TypeOfSymbol &target) {
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

Failure no_way(const std::string &tried, const std::string &why, const std::string &hint) {
    return fail(ErrorKind::unsupported, tried, why, hint);
}

std::optional<std::uint32_t> kprobe_event_type() {
    std::ifstream file("/sys/bus/event_source/devices/kprobe/type");
    std::uint32_t type = 0;

    return file >> type ? std::optional(type) : std::nullopt;
}

// Plants a kprobe without a program: what can go wrong goes wrong here.
Result<void> try_kprobe(const std::string &tried, std::uint32_t type, const char *symbol) {
    perf_event_attr attributes{};

    attributes.size = sizeof(attributes);
    attributes.type = type;
    attributes.kprobe_func = reinterpret_cast<std::uintptr_t>(symbol);
    const UniqueFd probe(
        static_cast<int>(syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC)));
    if (!probe) {
        auto failure = fail_errno(tried, errno);
        failure.value().kind = ErrorKind::unsupported; // capabilities were checked before
        return failure;
    }
    return {};
}

bool exists(const std::string &path) {
    std::error_code ignored;
    return std::filesystem::exists(path, ignored);
}

} // namespace

struct Trials::Knowledge {
    KernelTypes types;

    // Where it is; nullptr: nowhere. All of the table's symbols are looked for at the first question, not
    // before: it takes longer than a trial, and where fentry works nobody asks.
    const Symbol *find(const std::string &name) {
        if (!symbols_) {
            std::vector<std::string> names;
            for (const auto &hook : hook_table())
                for (const auto &candidate : hook.candidates)
                    names.emplace_back(candidate.symbol);
            symbols_ = find_symbols(names);
        }
        const auto found = symbols_->find(name);
        return found == symbols_->end() ? nullptr : &found->second;
    }

    // The symbol is nowhere: because its module is not there, or because the compiler did away with it.
    Failure absent(const std::string &tried, const Candidate &candidate) {
        if (candidate.module && !is_loaded(candidate.module))
            return no_way(tried, fmt::format("the module {} is not loaded", candidate.module),
                          fmt::format("sudo modprobe {}", candidate.module));
        return no_way(
            tried,
            fmt::format("the kernel has no function {}: absent in this build, or inlined", candidate.symbol),
            fmt::format("look for a variant of it: grep {} /proc/kallsyms", candidate.symbol));
    }

    // A module without parameters or version has no folder when it is built in; then its functions tell.
    bool is_loaded(const std::string &module) {
        if (exists("/sys/module/" + module))
            return true;
        for (const auto &hook : hook_table())
            for (const auto &candidate : hook.candidates)
                if (candidate.module && candidate.module == module && find(candidate.symbol))
                    return true;
        return false;
    }

    Failure without_type(const std::string &tried, const Candidate &candidate) {
        const Symbol *symbol = find(candidate.symbol);

        if (candidate.kind == AttachKind::tracepoint)
            return no_way(tried, "the kernel has no such tracepoint", "");
        if (!symbol)
            return absent(tried, candidate);
        const std::string place = symbol->module.empty() ? "vmlinux" : symbol->module;
        if (!exists("/sys/kernel/btf/" + place))
            return no_way(
                tried, fmt::format("the module {} is loaded and has no type information (BTF)", place),
                "kprobes do without; a kernel of 5.11 or later with CONFIG_DEBUG_INFO_BTF_MODULES has it");
        return no_way(
            tried,
            fmt::format("{} is there, but not in the type information (BTF) of {}", candidate.symbol, place),
            "the compiler has changed its arguments, or it was left out; kprobes do without");
    }

  private:
    std::optional<std::map<std::string, Symbol>> symbols_;
};

Trials::Trials() : knowledge_(std::make_unique<Knowledge>()) {}

Trials::~Trials() = default;

Result<void> Trials::operator()(const Candidate &candidate) {
    const std::string tried = fmt::format("attach {} to {}", backend_name(candidate.kind), candidate.symbol);
    const LibbpfLog quiet;

    if (candidate.kind == AttachKind::kprobe) {
        const auto type = kprobe_event_type();
        if (!type)
            return no_way(tried, "this kernel has no kprobes",
                          "it needs CONFIG_KPROBE_EVENTS, and /sys mounted");
        return knowledge_->find(candidate.symbol) ? try_kprobe(tried, *type, candidate.symbol)
                                                  : knowledge_->absent(tried, candidate);
    }
    const TypeOfSymbol target = knowledge_->types.find(candidate);
    if (!target.type)
        return knowledge_->without_type(tried, candidate);
    if (const int error = attach_once(candidate, target)) {
        auto failure = fail_errno(tried, error);
        failure.value().kind = ErrorKind::unsupported; // capabilities were checked before
        return failure;
    }
    return {};
}

} // namespace brpath
