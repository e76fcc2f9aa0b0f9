// SPDX-License-Identifier: BSD-2-Clause
#include "app/start.hpp"

#include "app/name_sources.hpp"
#include "app/place.hpp"
#include "kernel/btf.hpp"
#include "kernel/capabilities.hpp"
#include "kernel/netns.hpp"
#include "kernel/routes.hpp"
#include "kube/access.hpp"

#include <utility>

namespace brpath {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds bridge_poll_period{250};

Result<void> check_btf() {
    if (has_vmlinux_btf())
        return {};
    return fail(
        ErrorKind::unsupported, "read the kernel's type information (/sys/kernel/btf/vmlinux)",
        "it is not there",
        "brpath needs a kernel built with CONFIG_DEBUG_INFO_BTF, as the distributions' are since 2021");
}

enum class Waited : std::uint8_t { bridge, too_long, signal };

Result<Waited> wait_for_a_bridge(SystemView &view, StopSignals &signals, const Diagnostics &diagnostics,
                                 const ObserveOptions &options) {
    const auto begin = Clock::now();
    bool told = false;

    for (;;) {
        if (auto done = view.refresh(); !done)
            return Failure(done.error());
        if (!view.bridges().empty())
            return Waited::bridge;
        if (options.duration && Clock::now() >= begin + *options.duration)
            return Waited::too_long;
        if (!std::exchange(told, true))
            diagnostics.waiting_for_bridge(options.netns, has_bridge_code());
        if (signals.wait(bridge_poll_period))
            return Waited::signal;
    }
}

// Where that fails the addresses tell.
void learn_macs(Names &names, Pace &pace) {
    const auto begin = Clock::now();

    if (!pace.is_due(begin))
        return;
    if (const auto learned = list_neighbours(NeighbourTable::forwarding))
        names.learn_macs(*learned);
    pace.took(begin, Clock::now());
}

} // namespace

Result<void> Started::refresh(RefreshNames wanted) {
    const auto changed = view.refresh();

    if (!changed)
        return Failure(changed.error());
    if (auto done = probing.tell(view); !done)
        return done;
    if (*changed)
        names.learn_ports(view.links());
    if (wanted == RefreshNames::for_good)
        names.hurry();
    if (names.wants_macs())
        learn_macs(names, fdb_pace);
    names.refresh();
    return {};
}

void Started::poll_setting() {
    view.poll_setting();
    probing.tell_setting(view);
}

Result<std::unique_ptr<Started>> start(const ObserveOptions &options, StopSignals &signals,
                                       const Diagnostics &diagnostics) {
    if (!options.kubeconfig.empty()) // a broken one is told at once
        if (auto server = find_kube_server(kube_places(options.kubeconfig, "")); !server)
            return Failure(server.error());
    Names names(make_name_sources({options.names_from, options.kubeconfig, options.names_root}));
    SystemView view;

    if (!options.names_file.empty())
        if (auto done = names.load_file(options.names_file); !done)
            return Failure(done.error());
    if (auto done = require_capabilities(options.netns.empty() ? Entering::own_namespace
                                                               : Entering::other_namespaces);
        !done)
        return Failure(done.error());
    if (auto done = require_initial_user_namespace(); !done)
        return Failure(done.error());
    if (auto done = check_btf(); !done)
        return Failure(done.error());
    const auto netns = enter_wanted_netns(options.netns);
    if (!netns)
        return Failure(netns.error());
    if (auto done = view.refresh(); !done)
        return Failure(done.error());
    const auto bridge = pick_bridge(view.bridges(), options.bridge);
    if (!bridge)
        return Failure(bridge.error());
    const auto waited = wait_for_a_bridge(view, signals, diagnostics, options);
    if (!waited)
        return Failure(waited.error());
    if (*waited == Waited::signal)
        return nullptr;

    const Target target{netns->inode, *bridge};
    auto probing = attach(options, target, diagnostics);
    if (!probing)
        return Failure(probing.error());
    auto started = std::make_unique<Started>(Started{describe_node(options.netns), target, std::move(view),
                                                     std::move(names), std::move(*probing), Writers::open(),
                                                     *waited == Waited::too_long});
    diagnostics.writers(started->writers.why_not());
    started->node.boots_from_here = options.netns.empty() && is_first_netns(netns->inode).value_or(false);
    started->names.learn_ports(started->view.links());
    if (auto done = started->refresh(RefreshNames::as_it_goes); !done)
        return Failure(done.error());
    return started;
}

} // namespace brpath
