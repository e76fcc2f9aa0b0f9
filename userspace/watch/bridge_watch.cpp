// SPDX-License-Identifier: BSD-2-Clause
#include "watch/bridge_watch.hpp"

#include "kernel/attributes.hpp"
#include "kernel/link_messages.hpp"
#include "kernel/settings.hpp"
#include "util/printable.hpp"
#include "util/time.hpp"

#include <fmt/format.h>
#include <linux/rtnetlink.h>
#include <utility>

namespace brpath {

namespace {

struct Attribute {
    const char *name; // as `ip link` has it
    std::optional<bool> BridgeAttributes::*value;
};

constexpr Attribute attributes[] = {{"nf_call_iptables", &BridgeAttributes::call_iptables},
                                    {"nf_call_ip6tables", &BridgeAttributes::call_ip6tables},
                                    {"nf_call_arptables", &BridgeAttributes::call_arptables}};

std::string values_of(const Link &link) {
    const auto own = link.bridge.value_or(BridgeAttributes{});
    std::string text;

    for (const auto &attribute : attributes)
        if (const auto value = own.*attribute.value)
            text += fmt::format("{}{} {}", text.empty() ? "" : ", ", attribute.name, *value ? 1 : 0);
    return text;
}

std::string sysctl_text(const NamespaceSettings &settings) {
    if (!settings.module_present)
        return "br_netfilter is absent";
    return settings.call_iptables
               ? fmt::format("net.bridge.bridge-nf-call-iptables {} here", *settings.call_iptables)
               : "";
}

} // namespace

Result<BridgeWatch> BridgeWatch::open(Netns netns, std::string label) {
    auto stream = in_netns(netns, [] { return LinkStream::open(); });
    BridgeRound nothing_new;

    if (!stream)
        return Failure(stream.error());
    BridgeWatch watch(std::move(netns), std::move(label), std::move(*stream));
    if (auto done = watch.list(nothing_new); !done)
        return Failure(done.error());
    return watch;
}

NamespaceSettings BridgeWatch::settings() const {
    return in_netns(netns_, []() -> Result<NamespaceSettings> { return read_namespace_settings(); })
        .value_or(NamespaceSettings{});
}

Result<void> BridgeWatch::list(BridgeRound &round) {
    const auto links = in_netns(netns_, [] { return list_links(); });

    if (!links)
        return Failure(links.error());
    const auto before = std::exchange(bridges_, {});
    for (const auto &link : *links) {
        if (const auto known = before.find(link.ifindex); known != before.end())
            bridges_.insert(*known);
        take(link, round);
    }
    return {};
}

Change BridgeWatch::created(const Link &link) const {
    Change change;
    const auto own = values_of(link);

    change.realtime_ns = realtime_ns();
    change.kind = ChangeKind::bridge_created;
    change.bridge = printable(link.name);
    change.netns = netns_.inode;
    change.netns_name = label_;
    change.note = own + (own.empty() ? "" : "; ") + sysctl_text(settings());
    return change;
}

std::vector<Change> BridgeWatch::differences(const Link &before, const Link &now) const {
    const auto was = before.bridge.value_or(BridgeAttributes{});
    const auto is = now.bridge.value_or(BridgeAttributes{});
    std::vector<Change> changes;

    for (const auto &attribute : attributes) {
        if (was.*attribute.value == is.*attribute.value)
            continue;
        Change change;
        change.realtime_ns = realtime_ns();
        change.kind = ChangeKind::bridge_attribute;
        change.key = attribute.name;
        change.bridge = printable(now.name);
        change.netns = netns_.inode;
        change.netns_name = label_;
        change.from = was.*attribute.value;
        change.to = is.*attribute.value;
        changes.push_back(std::move(change));
    }
    return changes;
}

void BridgeWatch::take(const Link &link, BridgeRound &round) {
    if (link.kind != "bridge")
        return;
    auto &announced = round.announced[link.ifindex];
    const auto known = bridges_.find(link.ifindex);
    if (known == bridges_.end()) {
        round.changes.push_back({created(link), link.ifindex, 0});
    } else if (auto changes = differences(known->second, link); !changes.empty()) {
        for (auto &change : changes)
            round.changes.push_back({std::move(change), link.ifindex, announced});
        announced++;
    }
    bridges_.insert_or_assign(link.ifindex, link);
}

Result<BridgeRound> BridgeWatch::read() {
    BridgeRound round;
    round.is_whole = stream_.read([&](const nlmsghdr &message) {
        if (const auto link = parse_link(message))
            take(*link, round);
        else if (const auto gone = family_header<ifinfomsg>(message, RTM_DELLINK);
                 gone && gone->ifi_family == 0)
            bridges_.erase(static_cast<std::uint32_t>(gone->ifi_index));
    });

    if (!round.is_whole)
        if (auto done = list(round); !done)
            return Failure(done.error());
    round.end_ns = monotonic_ns();
    return round;
}

std::vector<Change> BridgeWatch::as_created() const {
    std::vector<Change> changes;

    for (const auto &[ifindex, link] : bridges_)
        changes.push_back(created(link));
    return changes;
}

} // namespace brpath
