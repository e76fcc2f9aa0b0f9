// SPDX-License-Identifier: BSD-2-Clause
#include "app/system_view.hpp"

#include "model/effective.hpp"
#include "util/printable.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace brpath {

namespace {

brpath_setting answers(const NamespaceSettings &settings, std::optional<int> call) {
    return {settings.module_present ? static_cast<std::uint8_t>(BRPATH_ANSWER_YES)
                                    : static_cast<std::uint8_t>(BRPATH_ANSWER_NO),
            answer(call), answer(settings.filter_vlan_tagged), answer(settings.filter_pppoe_tagged)};
}

bool is_same_link(const Link &a, const Link &b) {
    return a.ifindex == b.ifindex && a.name == b.name && a.master == b.master &&
           a.peer_ifindex == b.peer_ifindex && a.peer_namespace == b.peer_namespace && a.vlan_id == b.vlan_id;
}

} // namespace

Result<bool> SystemView::refresh() {
    settings_ = read_namespace_settings();
    links_are_old_ = events_.any() || links_are_old_;
    if (!links_are_old_)
        return false;
    auto links = list_links();

    if (!links)
        return Failure(links.error());
    const bool changed =
        !std::equal(links->begin(), links->end(), links_.begin(), links_.end(), is_same_link);
    links_ = std::move(*links);
    links_are_old_ = false;
    return changed;
}

void SystemView::poll_setting() { settings_ = read_namespace_settings(); }

std::vector<Link> SystemView::bridges() const {
    std::vector<Link> found;

    std::copy_if(links_.begin(), links_.end(), std::back_inserter(found),
                 [](const Link &link) { return link.kind == "bridge"; });
    return found;
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
                             family_setting(settings_.call_iptables, own.call_iptables, present),
                             family_setting(settings_.call_ip6tables, own.call_ip6tables, present),
                             family_setting(settings_.call_arptables, own.call_arptables, present)});
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

} // namespace brpath
