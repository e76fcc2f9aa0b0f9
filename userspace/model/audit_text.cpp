// SPDX-License-Identifier: BSD-2-Clause
#include "model/audit_text.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace brpath {

const char *to_string(CheckResult result) {
    switch (result) {
    case CheckResult::ok:
        return "ok";
    case CheckResult::note:
        return "note";
    case CheckResult::warn:
        return "warn";
    case CheckResult::fail:
        return "fail";
    case CheckResult::unknown:
        break;
    }
    return "unknown";
}

const char *to_string(ServiceOutcome outcome) {
    switch (outcome) {
    case ServiceOutcome::works:
        return "works";
    case ServiceOutcome::breaks:
        return "breaks";
    case ServiceOutcome::no_translation:
        return "no translation here";
    case ServiceOutcome::unknown:
        break;
    }
    return "unknown";
}

const char *to_string(ModuleState state) {
    switch (state) {
    case ModuleState::loaded:
        return "loaded";
    case ModuleState::built_in:
        return "built in";
    case ModuleState::absent:
        break;
    }
    return "absent";
}

const char *to_string(brpath_tag tag) {
    switch (tag) {
    case BRPATH_TAG_VLAN:
        return "vlan-tagged";
    case BRPATH_TAG_PPPOE:
        return "pppoe-tagged";
    case BRPATH_TAG_NONE:
        break;
    }
    return "plain";
}

std::string list_of(const std::vector<MechanismUse> &mechanisms) {
    std::vector<std::string> parts;

    parts.reserve(mechanisms.size());
    for (const auto &use : mechanisms)
        parts.push_back(fmt::format("{} ({} {}{})", use.name, use.rules,
                                    use.name == "IPVS" ? "service" : "rule", use.rules == 1 ? "" : "s"));
    return fmt::format("{}", fmt::join(parts, ", "));
}

std::string names_of(const std::vector<MechanismUse> &mechanisms) {
    std::vector<std::string> names;

    names.reserve(mechanisms.size());
    for (const auto &use : mechanisms)
        names.push_back(use.name);
    return fmt::format("{}", fmt::join(names, " and "));
}

const FamilySetting &setting_of(const BridgeSummary &bridge, bool ipv6) {
    return ipv6 ? bridge.ipv6 : bridge.ipv4;
}

bool has_pairs(const BridgeSummary &bridge) { return bridge.ports > 1; }

Summary summary_for_fixes(const AuditFacts &facts) {
    Summary summary;

    summary.node.netns = facts.netns;
    summary.node.boots_from_here = facts.boot.has_value();
    for (const auto &bridge : facts.bridges)
        summary.bridges.push_back(bridge.summary);
    if (facts.boot)
        summary.boot_values = facts.boot->values;
    return summary;
}

} // namespace brpath
