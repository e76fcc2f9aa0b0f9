// SPDX-License-Identifier: BSD-2-Clause
#include "model/finding_text.hpp"
#include "model/fix.hpp"
#include "model/rules.hpp"
#include "util/setting_names.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace brpath {

namespace {

constexpr const char *setting_conflict = "setting-conflict";

void add_conflict(Summary &summary, std::string text,
                  std::vector<std::pair<std::string, EvidenceValue>> evidence, std::string fix) {
    summary.findings.push_back({.id = setting_conflict,
                                .severity = Severity::warning,
                                .summary = std::move(text),
                                .evidence = std::move(evidence),
                                .fix = {std::move(fix)}});
}

// Off for the namespace, on for this bridge. The other way round is how every node begins: the sysctl is 1
// and no bridge has an attribute of its own.
void find_own_attribute(Summary &summary, const BridgeSummary &bridge, bool ipv6) {
    const FamilySetting &setting = ipv6 ? bridge.ipv6 : bridge.ipv4;
    const char *const key = setting::call_sysctl(ipv6), *const attribute = setting::call_attribute(ipv6);
    if (setting.sysctl.value_or(1) != 0 || setting.bridge.value_or(0) == 0)
        return;
    add_conflict(
        summary,
        fmt::format("{} is 0, but the bridge {} has {} of its own: its frames meet netfilter all the same",
                    key, bridge.name, attribute),
        {{"bridge", bridge.name}, {"key", key}, {"attribute", attribute}},
        "# nothing to do if that is meant; else: " +
            in_namespace(summary.node.netns, fmt::format("ip link set dev {} type bridge {} 0",
                                                         quote_for_shell(bridge.name), attribute)));
}

bool has_translated(const Summary &summary, bool ipv6) {
    return std::any_of(summary.pairs.begin(), summary.pairs.end(),
                       [&](const Pair &pair) { return pair.service && is_ipv6(pair) == ipv6; });
}

// One family on, the other one off and translated.
void find_half(Summary &summary, const BridgeSummary &bridge) {
    for (const bool ipv6 : {false, true}) {
        const auto &off = ipv6 ? bridge.ipv6 : bridge.ipv4;
        const auto &on = ipv6 ? bridge.ipv4 : bridge.ipv6;
        if (off.effective.value_or(1) != 0 || on.effective.value_or(0) == 0 || !has_translated(summary, ipv6))
            continue;
        const char *family = ipv6 ? "IPv6" : "IPv4";
        const char *key = setting::call_sysctl(ipv6);
        add_conflict(
            summary,
            fmt::format("on the bridge {} the setting is on for {} and off for {}, which has translated "
                        "connections as well",
                        bridge.name, ipv6 ? "IPv4" : "IPv6", family),
            {{"bridge", bridge.name}, {"off", key}},
            in_namespace(summary.node.netns, fmt::format("sysctl -w {}=1", key)));
    }
}

void find_boot_difference(Summary &summary, const BootSysctl &boot) {
    if (boot.now.empty() || boot.now == boot.at_boot)
        return;
    add_conflict(
        summary,
        fmt::format("{} is {}, and the next boot will set it to {}", boot.key, boot.now, boot.at_boot),
        {{"key", boot.key},
         {"now", boot.now},
         {"at_boot", boot.at_boot},
         {"file", fmt::format("{}:{}", boot.file, boot.line)}},
        fmt::format("# decide which one is meant, then either: sysctl -w {}={}, or change {} line {}",
                    boot.key, boot.at_boot, boot.file, boot.line));
}

// The frames of a time, from one count to the next.
std::string frames_between(const ByHandling &from, const ByHandling &to) {
    std::vector<std::string> parts;

    for (std::size_t i = 0; i < BRPATH_HANDLINGS; i++)
        if (to.at(i) > from.at(i))
            parts.push_back(
                fmt::format("{} {}", to_string(static_cast<brpath_handling>(i)), to.at(i) - from.at(i)));
    return parts.empty() ? "no frames" : fmt::format("{}", fmt::join(parts, ", "));
}

void add_change(Summary &summary, const SettingChange &change, std::string before, std::string since) {
    Finding finding{.id = "setting-changed",
                    .severity = Severity::warning,
                    .summary = fmt::format("{} changed from {} to {} at {}", change.what, change.from,
                                           change.to, change.time),
                    .evidence = {{"key", change.what},
                                 {"from", change.from},
                                 {"to", change.to},
                                 {"time", change.time},
                                 {"frames_before", std::move(before)},
                                 {"frames_since", std::move(since)},
                                 {"pairs_moved", change.moved.count},
                                 {"pairs", change.moved.telling}}};

    if (change.who)
        finding.summary += ", by " + label(*change.who);
    summary.findings.push_back(std::move(finding));
}

} // namespace

void find_conflicts(Summary &summary) {
    for (const auto &bridge : summary.bridges) {
        for (const bool ipv6 : {false, true})
            find_own_attribute(summary, bridge, ipv6);
        find_half(summary, bridge);
    }
    for (const auto &boot : summary.boot_values)
        find_boot_difference(summary, boot);
}

// Several keys may change at once: what counts is the moment.
void find_changes(Summary &summary) {
    const auto &changes = summary.changes;
    ByHandling before{}, at{};

    for (std::size_t i = 0; i < changes.size(); i++) {
        const auto &change = changes[i];
        if (change.frames_before != at)
            before = std::exchange(at, change.frames_before);
        auto next = i + 1;
        while (next < changes.size() && changes[next].frames_before == at)
            next++;
        const auto &until = next < changes.size() ? changes[next].frames_before : summary.frames.by_handling;
        add_change(summary, change, frames_between(before, at), frames_between(at, until));
    }
}

} // namespace brpath
