// SPDX-License-Identifier: BSD-2-Clause
#include "model/finding_text.hpp"
#include "model/rules.hpp"

#include <algorithm>
#include <fmt/format.h>

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
void find_own_attribute(Summary &summary, const BridgeSummary &bridge, const FamilySetting &setting,
                        const char *key, const char *attribute) {
    if (setting.sysctl.value_or(1) != 0 || setting.bridge.value_or(0) == 0)
        return;
    add_conflict(
        summary,
        fmt::format("{} is 0, but the bridge {} has {} of its own: its frames meet netfilter all the same",
                    key, bridge.name, attribute),
        {{"bridge", bridge.name}, {"key", key}, {"attribute", attribute}},
        fmt::format("ip link set dev {} type bridge {} 0", bridge.name, attribute));
}

bool has_translated(const Summary &summary, bool ipv6) {
    return std::any_of(summary.pairs.begin(), summary.pairs.end(), [&](const Pair &pair) {
        return pair.service && (pair.client.ip.find(':') != std::string::npos) == ipv6;
    });
}

// One family on, the other one off and translated.
void find_half(Summary &summary, const BridgeSummary &bridge) {
    for (const bool ipv6 : {false, true}) {
        const auto &off = ipv6 ? bridge.ipv6 : bridge.ipv4;
        const auto &on = ipv6 ? bridge.ipv4 : bridge.ipv6;
        if (off.effective.value_or(1) != 0 || on.effective.value_or(0) == 0 || !has_translated(summary, ipv6))
            continue;
        const char *family = ipv6 ? "IPv6" : "IPv4";
        const char *key = ipv6 ? "ip6tables" : "iptables";
        add_conflict(
            summary,
            fmt::format("on the bridge {} the setting is on for {} and off for {}, which has translated "
                        "connections as well",
                        bridge.name, ipv6 ? "IPv4" : "IPv6", family),
            {{"bridge", bridge.name}, {"off", fmt::format("net.bridge.bridge-nf-call-{}", key)}},
            fmt::format("sysctl -w net.bridge.bridge-nf-call-{}=1", key));
    }
}

void find_boot_difference(Summary &summary, const BootDifference &boot) {
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

std::string moved(const SettingChange &change, const std::array<std::int64_t, BRPATH_HANDLINGS> &until,
                  bool before) {
    std::vector<std::string> parts;

    for (std::size_t i = 0; i < BRPATH_HANDLINGS; i++) {
        const auto frames = before ? change.frames_before.at(i) : until.at(i) - change.frames_before.at(i);
        if (frames > 0)
            parts.push_back(fmt::format("{} {}", to_string(static_cast<brpath_handling>(i)), frames));
    }
    return parts.empty() ? "no frames" : fmt::format("{}", fmt::join(parts, ", "));
}

} // namespace

void find_conflicts(Summary &summary) {
    for (const auto &bridge : summary.bridges) {
        find_own_attribute(summary, bridge, bridge.ipv4, "net.bridge.bridge-nf-call-iptables",
                           "nf_call_iptables");
        find_own_attribute(summary, bridge, bridge.ipv6, "net.bridge.bridge-nf-call-ip6tables",
                           "nf_call_ip6tables");
        find_half(summary, bridge);
    }
    for (const auto &boot : summary.boot_differences)
        find_boot_difference(summary, boot);
}

void find_changes(Summary &summary) {
    std::array<std::int64_t, BRPATH_HANDLINGS> now{};

    for (const auto &pair : summary.pairs)
        for (std::size_t i = 0; i < BRPATH_HANDLINGS; i++)
            now.at(i) += pair.to_server.by_handling.at(i) + pair.to_client.by_handling.at(i);
    for (const auto &change : summary.changes)
        summary.findings.push_back({.id = "setting-changed",
                                    .severity = Severity::warning,
                                    .summary = fmt::format("{} changed from {} to {} at {}", change.what,
                                                           change.from, change.to, change.time),
                                    .evidence = {{"key", change.what},
                                                 {"from", change.from},
                                                 {"to", change.to},
                                                 {"time", change.time},
                                                 {"frames_before", moved(change, now, true)},
                                                 {"frames_since", moved(change, now, false)}},
                                    .fix = {}});
}

} // namespace brpath
