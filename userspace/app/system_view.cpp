// SPDX-License-Identifier: BSD-2-Clause
#include "app/system_view.hpp"

#include "util/printable.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace brpath {

namespace {

std::uint8_t answer(std::optional<int> value) {
    if (!value)
        return BRPATH_ANSWER_UNKNOWN;
    return *value ? BRPATH_ANSWER_YES : BRPATH_ANSWER_NO;
}

// The kernel hooks a frame if the sysctl or the bridge's own attribute asks for it (br_netfilter_hooks.c).
std::optional<int> either(std::optional<int> sysctl, std::optional<int> bridge) {
    if (sysctl.value_or(0) || bridge.value_or(0))
        return 1;
    return sysctl || bridge ? std::optional(0) : std::nullopt;
}

FamilySetting family(std::optional<int> sysctl, std::optional<bool> attribute, bool module_present) {
    const std::optional<int> bridge = attribute ? std::optional<int>(*attribute) : std::nullopt;

    // The bridge's attribute is there without the module, but then nobody reads it.
    return {sysctl, bridge, module_present ? either(sysctl, bridge) : 0};
}

std::optional<int> lower(std::optional<int> a, std::optional<int> b) {
    return a && b ? std::optional(std::min(*a, *b)) : b;
}

NamespaceSettings lowest_of(const NamespaceSettings &a, const NamespaceSettings &b) {
    return {a.module_present && b.module_present,
            lower(a.call_iptables, b.call_iptables),
            lower(a.call_ip6tables, b.call_ip6tables),
            lower(a.call_arptables, b.call_arptables),
            lower(a.filter_vlan_tagged, b.filter_vlan_tagged),
            lower(a.filter_pppoe_tagged, b.filter_pppoe_tagged)};
}

brpath_setting answers(const NamespaceSettings &settings, std::optional<int> call) {
    return {settings.module_present ? static_cast<std::uint8_t>(BRPATH_ANSWER_YES)
                                    : static_cast<std::uint8_t>(BRPATH_ANSWER_NO),
            answer(call), answer(settings.filter_vlan_tagged), answer(settings.filter_pppoe_tagged)};
}

bool is_same_link(const Link &a, const Link &b) {
    return a.ifindex == b.ifindex && a.name == b.name && a.master == b.master &&
           a.peer_ifindex == b.peer_ifindex && a.peer_namespace == b.peer_namespace;
}

} // namespace

Result<bool> SystemView::refresh() {
    auto links = list_links();

    if (!links)
        return Failure(links.error());
    const bool changed =
        !std::equal(links->begin(), links->end(), links_.begin(), links_.end(), is_same_link);
    const bool first = links_.empty();
    links_ = std::move(*links);
    settings_ = read_namespace_settings();
    lowest_before_ = first ? settings_ : lowest_of(lowest_, settings_);
    lowest_ = settings_;
    return changed;
}

void SystemView::poll_setting() {
    settings_ = read_namespace_settings();
    lowest_ = lowest_of(lowest_, settings_);
}

std::vector<Link> SystemView::bridges() const {
    std::vector<Link> found;

    std::copy_if(links_.begin(), links_.end(), std::back_inserter(found),
                 [](const Link &link) { return link.kind == "bridge"; });
    return found;
}

const Link *SystemView::bridge_of(std::uint32_t port_ifindex) const {
    const auto find = [this](std::uint32_t ifindex) {
        const auto found = std::find_if(links_.begin(), links_.end(),
                                        [&](const Link &link) { return link.ifindex == ifindex; });
        return found == links_.end() ? nullptr : &*found;
    };
    const Link *port = find(port_ifindex);

    return port ? find(port->master) : nullptr;
}

std::vector<BridgeSummary> SystemView::summarise(const std::string &only_bridge) const {
    std::vector<BridgeSummary> summaries;

    for (const auto &bridge : bridges()) {
        if (!only_bridge.empty() && bridge.name != only_bridge)
            continue;
        const auto own = bridge.bridge.value_or(BridgeAttributes{});
        const auto ports = std::count_if(links_.begin(), links_.end(), [&](const Link &link) {
            return link.is_bridge_port && link.master == bridge.ifindex;
        });
        const bool present = settings_.module_present;
        summaries.push_back({printable(bridge.name), ports,
                             family(settings_.call_iptables, own.call_iptables, present),
                             family(settings_.call_ip6tables, own.call_ip6tables, present),
                             family(settings_.call_arptables, own.call_arptables, present)});
    }
    return summaries;
}

brpath_setting SystemView::namespace_setting(bool ipv6) const {
    return answers(settings_, ipv6 ? settings_.call_ip6tables : settings_.call_iptables);
}

bool SystemView::has_bridge_attributes() const {
    return std::any_of(links_.begin(), links_.end(), [](const Link &link) {
        return link.bridge &&
               (link.bridge->call_iptables.value_or(false) || link.bridge->call_ip6tables.value_or(false));
    });
}

brpath_setting SystemView::setting(std::uint32_t port_ifindex, bool ipv6) const {
    const Link *bridge = bridge_of(port_ifindex);
    const auto own = bridge ? bridge->bridge.value_or(BridgeAttributes{}) : BridgeAttributes{};
    const auto call = family(ipv6 ? lowest_before_.call_ip6tables : lowest_before_.call_iptables,
                             ipv6 ? own.call_ip6tables : own.call_iptables, lowest_before_.module_present);

    return answers(lowest_before_, call.effective);
}

} // namespace brpath
