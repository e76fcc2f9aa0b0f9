// SPDX-License-Identifier: BSD-2-Clause
// Attaches programs that do nothing to hooks given as KIND:FUNCTION, says "ready", and waits for a signal.
#include <bpf/libbpf.h>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <floor.skel.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct CloseSkeleton {
    void operator()(floor_bpf *skeleton) const { floor_bpf__destroy(skeleton); }
};
using Skeleton = std::unique_ptr<floor_bpf, CloseSkeleton>;

[[noreturn]] void give_up(const std::string &what) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
}

bpf_program *program_of(floor_bpf &skeleton, const std::string &kind) {
    if (kind == "fentry")
        return skeleton.progs.floor_fentry;
    if (kind == "fexit")
        return skeleton.progs.floor_fexit;
    if (kind == "tp_btf")
        return skeleton.progs.floor_tracepoint;
    throw std::runtime_error("find the kind of hook '" + kind + "': fentry, fexit or tp_btf");
}

Skeleton attach(const std::string &hook) {
    const auto colon = hook.find(':');
    Skeleton skeleton(floor_bpf__open());
    bpf_program *program = nullptr;

    if (colon == std::string::npos)
        throw std::runtime_error("read the hook '" + hook + "': KIND:FUNCTION");
    if (!skeleton)
        give_up("open the programs");
    bpf_object__for_each_program(program, skeleton->obj) bpf_program__set_autoload(program, false);
    program = program_of(*skeleton, hook.substr(0, colon));
    bpf_program__set_autoload(program, true);
    if (bpf_program__set_attach_target(program, 0, hook.c_str() + colon + 1))
        give_up("find " + hook);
    if (floor_bpf__load(skeleton.get()) || floor_bpf__attach(skeleton.get()))
        give_up("attach to " + hook);
    return skeleton;
}

} // namespace

int main(int argc, char **argv) {
    std::vector<Skeleton> attached;
    sigset_t ends;
    int signal = 0;

    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, nullptr);
    try {
        for (int i = 1; i < argc; i++)
            attached.push_back(attach(argv[i]));
    } catch (const std::exception &error) {
        std::fprintf(stderr, "floor: cannot %s\n", error.what());
        return 1;
    }
    std::puts("ready");
    std::fflush(stdout);
    sigwait(&ends, &signal);
    return 0;
}
