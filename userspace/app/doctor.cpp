// SPDX-License-Identifier: BSD-2-Clause
#include "app/doctor.hpp"

#include "app/diagnostics.hpp"
#include "app/place.hpp"
#include "app/signals.hpp"
#include "app/sink.hpp"
#include "app/terminal.hpp"
#include "doctor/facts.hpp"
#include "doctor/namespaces.hpp"
#include "doctor/node.hpp"
#include "kernel/links.hpp"
#include "model/audit_rules.hpp"
#include "output/audit.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace brpath {

namespace {

using Clock = std::chrono::steady_clock;

bool has_bridge(const std::vector<Link> &links, const std::string &only) {
    return std::any_of(links.begin(), links.end(), [&](const Link &link) {
        return link.kind == "bridge" && (only.empty() || link.name == only);
    });
}

NodeFacts read_node(const DoctorOptions &options) {
    const bool enters = options.all_netns || !options.netns.empty();
    NodeFacts node = read_node_facts(enters ? Entering::other_namespaces : Entering::own_namespace);
    Node described = describe_node("");

    node.hostname = std::move(described.hostname);
    node.kernel = std::move(described.kernel);
    node.time = std::move(described.started);
    return node;
}

Result<Audit> audit_one(const DoctorOptions &options) {
    const auto netns = enter_wanted_netns(options.netns);
    if (!netns)
        return Failure(netns.error());
    auto links = list_links();
    if (!links)
        return Failure(links.error());
    std::erase_if(*links, [](const Link &link) { return link.kind != "bridge"; });
    if (const auto bridge = pick_bridge(*links, options.bridge); !bridge)
        return Failure(bridge.error());
    std::vector<NamespaceAudit> audits;
    audits.push_back(audit_namespace(FactReader().read(options.netns, netns->inode, options.bridge)));
    return audit_node(read_node(options), std::move(audits));
}

Result<Audit> audit_all(const DoctorOptions &options) {
    const FactReader reader;
    std::vector<NamespaceAudit> audits;
    std::vector<std::string> unseen;
    std::int64_t without_bridges = 0;

    const auto look_at = [&](const Netns &netns) -> Result<void> {
        const auto links = list_links();
        if (!links)
            return Failure(links.error());
        if (has_bridge(*links, options.bridge))
            audits.push_back(audit_namespace(reader.read(netns.label, netns.inode, options.bridge)));
        else
            without_bridges++;
        return {};
    };
    std::vector<std::string> not_opened = for_each_netns([&](const Netns &netns) {
        const auto done =
            netns.label.empty() ? look_at(netns) : in_netns(netns, [&] { return look_at(netns); });
        if (!done)
            unseen.push_back(netns.label + ": " + done.error().why);
    });
    unseen.insert(unseen.end(), not_opened.begin(), not_opened.end());
    auto audit = audit_node(read_node(options), std::move(audits));
    audit.without_bridges = without_bridges;
    audit.unseen = std::move(unseen);
    return audit;
}

} // namespace

Result<CheckResult> doctor(const DoctorOptions &options) {
    const auto begin = Clock::now();
    auto sink = Sink::open(options.output, Existing::replaced);
    if (!sink)
        return Failure(sink.error());
    auto signals = StopSignals::make();
    if (!signals)
        return Failure(signals.error());
    const auto audit = options.all_netns ? audit_all(options) : audit_one(options);
    if (!audit)
        return Failure(audit.error());
    Diagnostics(options.verbosity).looked(*audit, Clock::now() - begin);
    const auto text = options.format == Format::json
                          ? render_audit_json(*audit)
                          : render_audit(*audit, options.all_netns ? Detail::namespaces : Detail::one,
                                         table_style(sink->fd()));
    if (auto done = sink->write(text, *signals); !done)
        return Failure(done.error());
    return audit->result;
}

} // namespace brpath
