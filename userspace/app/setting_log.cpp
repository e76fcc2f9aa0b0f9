// SPDX-License-Identifier: BSD-2-Clause
#include "app/setting_log.hpp"

#include "util/printable.hpp"
#include "util/setting_names.hpp"
#include "util/time.hpp"

#include <utility>

namespace brpath {

namespace {

std::string text(const std::optional<int> &value) { return value ? std::to_string(*value) : setting::absent; }

std::string text(const std::optional<bool> &value) { return value ? *value ? "1" : "0" : setting::absent; }

} // namespace

SettingLog::Values SettingLog::values_of(const SystemView &view) const {
    const auto &settings = view.settings();
    Values values;

    values[setting::module] = settings.module_present ? setting::present : setting::absent;
    values[setting::call_iptables] = text(settings.call_iptables);
    values[setting::call_ip6tables] = text(settings.call_ip6tables);
    values[setting::call_arptables] = text(settings.call_arptables);
    values[setting::filter_vlan_tagged] = text(settings.filter_vlan_tagged);
    values[setting::filter_pppoe_tagged] = text(settings.filter_pppoe_tagged);
    for (const auto &bridge : view.bridges()) {
        if (!only_bridge_.empty() && bridge.name != only_bridge_)
            continue;
        const auto own = bridge.bridge.value_or(BridgeAttributes{});
        values[printable(bridge.name) + ' ' + setting::call_attribute(false)] = text(own.call_iptables);
        values[printable(bridge.name) + ' ' + setting::call_attribute(true)] = text(own.call_ip6tables);
    }
    return values;
}

SettingLog::SettingLog(const SystemView &view, std::string only_bridge)
    : only_bridge_(std::move(only_bridge)), known_(values_of(view)) {}

bool SettingLog::is_behind(const SystemView &view) const { return values_of(view) != known_; }

std::vector<SettingChange> SettingLog::catch_up(const SystemView &view, std::int64_t now_ns) {
    std::vector<SettingChange> changes;
    const auto now = values_of(view);

    for (const auto &[what, value] : now) {
        const auto before = known_.find(what);
        if (before == known_.end() || before->second == value) // a new bridge is no change
            continue;
        // The sysctls come and go with the module: one change, not six.
        if (what != setting::module && (before->second == setting::absent || value == setting::absent))
            continue;
        changes.push_back({rfc3339(now_ns), what, before->second, value});
    }
    known_ = now;
    return changes;
}

} // namespace brpath
