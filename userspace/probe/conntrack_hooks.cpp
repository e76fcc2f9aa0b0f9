// SPDX-License-Identifier: BSD-2-Clause
#include "probe/conntrack_hooks.hpp"

#include "probe/libbpf_log.hpp"

#include <array>
#include <bpf/bpf.h>
#include <cerrno>
#include <doctor.skel.h>
#include <utility>

namespace brpath {

namespace {

constexpr std::uint32_t answer_bits = 2, answer_mask = 3;

constexpr std::array functions = {"ipv4_conntrack_in", "ipv6_conntrack_in", "nf_ct_bridge_pre"};

struct SkeletonDeleter {
    void operator()(doctor_bpf *skeleton) const { doctor_bpf__destroy(skeleton); }
};

} // namespace

struct ConntrackHooks::State {
    std::unique_ptr<doctor_bpf, SkeletonDeleter> skeleton;
};

std::uint64_t conntrack_address(const std::map<std::string, Symbol> &symbols, const char *function) {
    if (const auto found = symbols.find(function); found != symbols.end())
        return found->second.address;
    return symbols.contains(always_there) ? BRPATH_CONNTRACK_ABSENT : 0;
}

ConntrackHooks::ConntrackHooks(std::unique_ptr<State> state) : state_(std::move(state)) {}
ConntrackHooks::ConntrackHooks(ConntrackHooks &&) noexcept = default;
ConntrackHooks &ConntrackHooks::operator=(ConntrackHooks &&) noexcept = default;
ConntrackHooks::~ConntrackHooks() = default;

Result<ConntrackHooks> ConntrackHooks::load() {
    const std::string tried = "load the program that looks for conntrack";
    LibbpfLog log;
    auto state = std::make_unique<State>();

    state->skeleton.reset(doctor_bpf__open());
    if (!state->skeleton)
        return fail_errno(tried, errno);
    const auto symbols = find_symbols({functions[0], functions[1], functions[2], always_there});
    for (std::size_t i = 0; i < functions.size(); i++)
        state->skeleton->rodata->functions[i] = conntrack_address(symbols, functions.at(i));
    if (const int error = doctor_bpf__load(state->skeleton.get()))
        return fail_errno(tried, error, log.take());
    return ConntrackHooks(std::move(state));
}

Result<ConntrackAnswers> ConntrackHooks::ask() const {
    LIBBPF_OPTS(bpf_test_run_opts, options);
    const int program = bpf_program__fd(state_->skeleton->progs.conntrack_registered);

    if (const int error = bpf_prog_test_run_opts(program, &options))
        return fail_errno("look for conntrack", error);
    const auto answer = [&](std::uint32_t place) {
        return static_cast<brpath_answer>(options.retval >> place * answer_bits & answer_mask);
    };
    return ConntrackAnswers{answer(0), answer(1), answer(2)};
}

} // namespace brpath
