// SPDX-License-Identifier: BSD-2-Clause
// What br_netfilter does to frames between two ports while the setting is 1.
#include "model/finding_text.hpp"
#include "model/fix.hpp"
#include "model/rules.hpp"
#include "util/setting_names.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace brpath {

namespace {

// Some bridge has it on.
bool is_on(const Summary &summary, bool ipv6) {
    return std::any_of(summary.bridges.begin(), summary.bridges.end(), [&](const BridgeSummary &bridge) {
        return (ipv6 ? bridge.ipv6 : bridge.ipv4).effective.value_or(0) != 0;
    });
}

// What would have to be 0: the sysctl, the bridge's own attribute, or both where both are on.
std::string switch_of(const Summary &summary, bool ipv6) {
    const std::string sysctl = setting::call_sysctl(ipv6);
    const auto attribute = fmt::format("the bridge's {}", setting::call_attribute(ipv6));
    bool has_sysctl = false, has_attribute = false;

    for (const auto &bridge : summary.bridges) {
        const auto &family = ipv6 ? bridge.ipv6 : bridge.ipv4;
        has_sysctl = has_sysctl || family.sysctl.value_or(0) != 0;
        has_attribute = has_attribute || family.bridge.value_or(0) != 0;
    }
    if (has_sysctl && has_attribute)
        return fmt::format("{} and {} are 0", sysctl, attribute);
    return (has_attribute ? attribute : sysctl) + " is 0";
}

// Both ends are behind ports, or the frame was about to leave by one.
bool is_between_ports(const Pair &pair) {
    return pair.client.port_ifindex != 0 && pair.server.port_ifindex != 0;
}

} // namespace

void find_dependence(Summary &summary) {
    NameList pairs;
    Finding finding{.id = "depends-on-bridge-netfilter", .severity = Severity::info};
    std::int64_t frames = 0;
    bool ipv4 = false, ipv6 = false;

    for (auto &pair : summary.pairs) {
        const auto translated = pair.to_server.translated_in_bridge + pair.to_client.translated_in_bridge;
        // Without a Service it is the source that was translated: with the setting 0 it is not, and needs not
        // be.
        if (translated <= 0 || !pair.service || !is_on(summary, is_ipv6(pair)))
            continue;
        pair.findings.push_back(finding.id);
        pairs.add(label(pair));
        frames += translated;
        (is_ipv6(pair) ? ipv6 : ipv4) = true;
    }
    if (pairs.size() == 0)
        return;
    const bool one = pairs.size() == 1;
    finding.summary = fmt::format("{} {} translated on the bridge only because br_netfilter hands bridged "
                                  "frames to netfilter; {} the moment {}",
                                  pairs.text(), one ? "is" : "are", one ? "it breaks" : "they break",
                                  switch_of(summary, !ipv4));
    finding.evidence = {{"pairs", pairs.size()}, {"translated_in_bridge", frames}};
    finding.fix = {"# keep the setting at 1; if it is to be 0, move one side of each of these pairs off the "
                   "bridge first"};
    if (ipv4 && ipv6)
        finding.fix.push_back(fmt::format("# both families: {} and {}", setting::call_sysctl(false),
                                          setting::call_sysctl(true)));
    summary.findings.push_back(std::move(finding));
}

void find_drops(Summary &summary) {
    Finding finding{.id = "dropped-by-bridge-netfilter", .severity = Severity::critical};
    NameList pairs;
    std::int64_t frames = 0;
    bool has_family[2] = {};

    for (auto &pair : summary.pairs) {
        const auto dropped = pair.to_server.dropped_in_ip_hooks + pair.to_client.dropped_in_ip_hooks;
        if (dropped <= 0 || !is_between_ports(pair) || !is_on(summary, is_ipv6(pair)))
            continue;
        pair.findings.push_back(finding.id);
        pairs.add(label(pair));
        frames += dropped;
        has_family[is_ipv6(pair)] = true;
    }
    if (pairs.size() == 0)
        return;
    finding.summary = fmt::format("{}: frames between two ports of one bridge are handed to netfilter and "
                                  "dropped there (a FORWARD rule or policy, rpfilter)",
                                  pairs.text());
    finding.evidence = {{"pairs", pairs.size()}, {"dropped_in_ip_hooks", frames}};
    for (const bool ipv6 : {false, true})
        for (auto &line : has_family[ipv6] ? fix_for_drops(ipv6, summary) : std::vector<std::string>{})
            finding.fix.push_back(std::move(line));
    summary.findings.push_back(std::move(finding));
}

void find_untracked(Summary &summary) {
    Finding finding{.id = "not-tracked-here", .severity = Severity::info};
    std::int64_t frames = 0;
    NameList pairs;

    for (auto &pair : summary.pairs) {
        const auto hooked =
            pair.to_server.by_handling[BRPATH_HOOKED] + pair.to_client.by_handling[BRPATH_HOOKED];
        if (hooked <= 0 || !is_on(summary, is_ipv6(pair)) || !is_between_ports(pair))
            continue;
        pair.findings.push_back(finding.id);
        pairs.add(label(pair));
        frames += hooked;
    }
    if (pairs.size() == 0)
        return;
    finding.summary = fmt::format("the setting is 1, but conntrack is not registered in this namespace: {} "
                                  "meets the IP hooks, and nothing there could translate it with conntrack",
                                  pairs.text());
    finding.evidence = {{"pairs", pairs.size()}, {"hooked", frames}};
    finding.fix = {"# nothing to do, unless Services should work here: conntrack registers with the first "
                   "rule that needs it"};
    summary.findings.push_back(std::move(finding));
}

} // namespace brpath
