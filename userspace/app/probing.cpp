// SPDX-License-Identifier: BSD-2-Clause
#include "app/probing.hpp"

#include "app/stacked.hpp"
#include "kernel/modules.hpp"
#include "kernel/symbols.hpp"
#include "probe/conntrack_hooks.hpp"
#include "probe/hook_plan.hpp"
#include "probe/trial.hpp"

#include <set>
#include <string>
#include <utility>

namespace brpath {

namespace {

using Clock = std::chrono::steady_clock;

std::optional<std::string> forced_backend(Backend backend) {
    switch (backend) {
    case Backend::fentry:
        return "fentry";
    case Backend::kprobe:
        return "kprobe";
    case Backend::tracepoint:
        return "tracepoint";
    case Backend::automatic:
        break;
    }
    return std::nullopt;
}

std::vector<AttachedHook> describe_hooks(const HookPlan &plan) {
    std::vector<AttachedHook> hooks;

    for (const auto &planned : plan)
        if (planned.candidate)
            hooks.push_back(
                {planned.hook->name, planned.candidate->symbol, backend_name(planned.candidate->kind)});
    return hooks;
}

brpath_config make_config(const Target &target) {
    brpath_config config{};

    config.netns = target.netns;
    config.bridge = target.bridge;
    return config;
}

void tell_of_functions(AttachedSession &session) {
    const auto symbols =
        find_symbols({"ipv4_conntrack_in", "ipv6_conntrack_in", "nf_hook_slow", always_there});

    session.set_conntrack_in(conntrack_address(symbols, "ipv4_conntrack_in"),
                             conntrack_address(symbols, "ipv6_conntrack_in"));
    if (const auto hooks = symbols.find("nf_hook_slow"); hooks != symbols.end())
        session.set_nf_hook_slow(hooks->second.address, hooks->second.end);
}

} // namespace

HookedModules read_hooked_modules() { return {module_instance("bridge"), module_instance("nf_conntrack")}; }

bool has_bridge_code() {
    return module_instance("bridge") || find_symbols({"br_handle_frame"}).contains("br_handle_frame");
}

void Probing::tell_setting(const SystemView &view) {
    session->set_setting(view.namespace_setting(false), view.namespace_setting(true),
                         view.has_bridge_attributes());
}

Result<void> Probing::tell(const SystemView &view) {
    tell_setting(view);
    return session->set_stacked(stacked_devices(view.links()));
}

namespace {

using Backends = std::set<std::string>;

Result<Probing> attach_without(const Backends &struck, const ObserveOptions &options, const Target &target,
                               const Diagnostics &diagnostics) {
    const auto before = Clock::now();
    const auto modules = read_hooked_modules(); // before the plan: what changes later is noticed later
    Trials trials;
    const Trial trial = [&](const Candidate &candidate) -> Result<void> {
        const std::string backend = backend_name(candidate.kind);
        if (struck.contains(backend) && !candidate.in_every_backend)
            return fail(ErrorKind::unsupported, "use " + backend, "its programs did not load or attach");
        return trials(candidate);
    };
    auto plan = plan_hooks(hook_table(), forced_backend(options.backend), trial);

    if (!plan)
        return Failure(plan.error());
    diagnostics.planned(*plan);
    auto attached =
        OpenedSession::open(*plan, make_config(target), ProbeLimits{options.max_flows, options.ring_bytes})
            .and_then([](OpenedSession &&opened) { return std::move(opened).load(); })
            .and_then([](LoadedSession &&loaded) { return std::move(loaded).attach(); });
    if (!attached)
        return Failure(attached.error());
    auto session = std::make_unique<AttachedSession>(std::move(*attached));
    tell_of_functions(*session);
    auto collector = Collector::make(*session);
    if (!collector)
        return Failure(collector.error());
    return Probing{modules, describe_hooks(*plan), std::move(session), std::move(*collector),
                   std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - before)};
}

} // namespace

// A trial is small: the programs themselves may be refused all the same. Then the next backend has its turn.
Result<Probing> attach(const ObserveOptions &options, const Target &target, const Diagnostics &diagnostics) {
    Backends struck;
    auto probing = attach_without(struck, options, target, diagnostics);

    for (const char *next : {"fentry", "kprobe"}) {
        if (probing || options.backend != Backend::automatic ||
            probing.error().kind != ErrorKind::unsupported)
            break;
        print_error(probing.error());
        struck.insert(next);
        probing = attach_without(struck, options, target, diagnostics);
    }
    return probing;
}

} // namespace brpath
