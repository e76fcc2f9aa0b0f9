// SPDX-License-Identifier: BSD-2-Clause
#include "app/start.hpp"

#include "app/name_sources.hpp"
#include "kernel/btf.hpp"
#include "kernel/capabilities.hpp"
#include "kernel/netns.hpp"
#include "kernel/routes.hpp"
#include "kube/access.hpp"
#include "util/printable.hpp"
#include "util/time.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <utility>

namespace brpath {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds bridge_poll_period{250};

Node describe_node(const std::string &netns) {
    utsname system{};

    uname(&system);
    return {printable(system.nodename), printable(system.release), printable(netns), rfc3339(realtime_ns()),
            0};
}

Result<void> check_btf() {
    if (has_vmlinux_btf())
        return {};
    return fail(
        ErrorKind::unsupported, "read the kernel's type information (/sys/kernel/btf/vmlinux)",
        "it is not there",
        "brpath needs a kernel built with CONFIG_DEBUG_INFO_BTF, as the distributions' are since 2021");
}

std::string names_of(const std::vector<Link> &bridges) {
    std::string names;

    for (const auto &bridge : bridges)
        names += (names.empty() ? "" : ", ") + printable(bridge.name);
    return names;
}

// The bridge's ifindex, 0 for all. Error (usage) if the one asked for is not there.
Result<std::uint32_t> pick_bridge(const std::vector<Link> &bridges, const std::string &wanted) {
    if (wanted.empty())
        return 0u;
    const auto found =
        std::find_if(bridges.begin(), bridges.end(), [&](const Link &link) { return link.name == wanted; });
    if (found != bridges.end())
        return found->ifindex;
    return fail(ErrorKind::usage, fmt::format("find the bridge {}", printable(wanted)),
                "there is no bridge of this name here",
                bridges.empty()
                    ? "there is no bridge at all in this namespace; --netns NAME looks into another one"
                    : fmt::format("bridges here: {}", names_of(bridges)));
}

// The first process's: a shell inside `ip netns exec` has another one.
bool is_first_namespace(std::uint32_t inode) {
    const auto first = open_netns("/proc/1/ns/net");

    return first && first->inode == inode;
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

Result<Netns> enter_wanted_netns(const std::string &wanted) {
    if (wanted.empty())
        return current_netns();
    auto netns = open_netns(wanted);
    if (!netns)
        return netns;
    if (auto done = enter_netns(*netns); !done)
        return Failure(done.error());
    return netns;
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
    started->node.boots_from_here = options.netns.empty() && is_first_namespace(netns->inode);
    started->names.learn_ports(started->view.links());
    if (auto done = started->refresh(RefreshNames::as_it_goes); !done)
        return Failure(done.error());
    return started;
}

} // namespace brpath
