// SPDX-License-Identifier: BSD-2-Clause
// The module, the sysctls and the bridges' own attributes: what they are, and whether that matters here.
#include "model/audit_rules.hpp"
#include "model/audit_text.hpp"
#include "model/fix.hpp"
#include "util/setting_names.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace brpath {

namespace {

const BridgeFacts *bridge_of(const AuditFacts &facts, const Prediction &prediction) {
    const auto found =
        std::find_if(facts.bridges.begin(), facts.bridges.end(),
                     [&](const BridgeFacts &bridge) { return bridge.summary.name == prediction.bridge; });
    return found == facts.bridges.end() ? nullptr : &*found;
}

// The first pair that breaks by that reason, on a bridge with pairs if there is one.
const Prediction *broken_by(const AuditFacts &facts, Predictions predictions, brpath_reason reason,
                            brpath_tag tag, std::optional<bool> ipv6) {
    const Prediction *found = nullptr;

    for (const auto &prediction : predictions) {
        if (prediction.tag != tag || prediction.ipv6 != ipv6.value_or(prediction.ipv6) ||
            prediction.service != ServiceOutcome::breaks || prediction.reason != reason)
            continue;
        if (has_pairs(bridge_of(facts, prediction)->summary))
            return &prediction;
        found = found ? found : &prediction;
    }
    return found;
}

std::vector<std::string> fix_for(const AuditFacts &facts, const Prediction &prediction) {
    Counts bypassed;

    bypassed.by_reason.at(prediction.reason) = 1;
    return fix_for_bypass(bypassed, prediction.ipv6, summary_for_fixes(facts));
}

void put_broken(Check &check, const AuditFacts &facts, const Prediction &broken, const std::string &cause) {
    const auto &bridge = *bridge_of(facts, broken);
    const auto &rules = *bridge.rules.at(broken.ipv6);
    const bool now = has_pairs(bridge.summary) && broken.tag == BRPATH_TAG_NONE;

    check.result = now ? CheckResult::fail : CheckResult::warn;
    check.why = fmt::format(
        "a Service{} with client and server on {} {} over {}, because {} and {} translates here{}",
        broken.tag == BRPATH_TAG_NONE ? "" : " by VLAN-tagged frames", bridge.summary.name,
        now ? "gets no answer" : "would get no answer", family_name(broken.ipv6), cause,
        names_of(rules.translating),
        rules.source == Extent::some ? "; it works only where the source is translated as well" : "");
    check.fix = fix_for(facts, broken);
}

bool any(const AuditFacts &facts, bool ipv6, bool (*is)(const BridgeRules &)) {
    return std::any_of(facts.bridges.begin(), facts.bridges.end(), [&](const BridgeFacts &bridge) {
        return bridge.rules.at(ipv6) && is(*bridge.rules.at(ipv6));
    });
}

bool translates(const BridgeRules &rules) { return !rules.translating.empty(); }

bool is_service_unknown(Predictions predictions, brpath_reason reason, std::optional<bool> ipv6) {
    return std::any_of(predictions.begin(), predictions.end(), [&](const Prediction &prediction) {
        return prediction.tag == BRPATH_TAG_NONE && prediction.ipv6 == ipv6.value_or(prediction.ipv6) &&
               prediction.service == ServiceOutcome::unknown && prediction.reason == reason;
    });
}

std::string why_unknown(const AuditFacts &facts, Predictions predictions, std::optional<bool> ipv6) {
    constexpr const char *unknown = "whether a Service breaks by it is not known: ";

    if (!facts.rules_unseen.empty())
        return unknown + facts.rules_unseen;
    for (const auto &prediction : predictions)
        if (prediction.service == ServiceOutcome::unknown &&
            prediction.ipv6 == ipv6.value_or(prediction.ipv6))
            return unknown + prediction.why;
    return {};
}

constexpr const char *nothing_to_break = "nothing here translates, so nothing breaks by that";

// Off: harmless, or the incident.
void judge_off(Check &check, const AuditFacts &facts, Predictions predictions, bool ipv6) {
    if (const auto *broken = broken_by(facts, predictions, BRPATH_SYSCTL_OFF, BRPATH_TAG_NONE, ipv6))
        return put_broken(check, facts, *broken, fmt::format("{} is 0", check.name));
    if (is_service_unknown(predictions, BRPATH_SYSCTL_OFF, ipv6)) {
        check.result = CheckResult::unknown;
        check.why = why_unknown(facts, predictions, ipv6);
    } else if (!facts.bridges.empty() && !any(facts, ipv6, translates)) {
        check.why = nothing_to_break;
    }
}

// On: needed, or a cost without a use.
void judge_on(Check &check, const AuditFacts &facts, bool ipv6) {
    if (facts.bridges.empty() || !facts.bridges_unseen.empty())
        return;
    if (any(facts, ipv6, translates)) {
        check.why = fmt::format("Services between two pods of a bridge need it over {}", family_name(ipv6));
    } else if (facts.rules_unseen.empty()) {
        check.result = CheckResult::note;
        check.why = "nothing here translates: it costs time for each bridged frame, and only rules that are "
                    "meant for bridged frames need it";
    }
}

Check check_call(const AuditFacts &facts, Predictions predictions, const SysctlFact &sysctl, bool ipv6) {
    Check check{.name = sysctl.key, .what = std::to_string(*sysctl.value)};

    if (*sysctl.value == 0)
        judge_off(check, facts, predictions, ipv6);
    else
        judge_on(check, facts, ipv6);
    return check;
}

// Only where somebody uses VLANs on a bridge does it matter.
Check check_tagged(const AuditFacts &facts, Predictions predictions, const SysctlFact &sysctl) {
    Check check{.name = sysctl.key, .what = std::to_string(*sysctl.value)};

    if (sysctl.key != setting::filter_vlan_tagged || *sysctl.value != 0)
        return check;
    for (const auto &prediction : predictions)
        if (prediction.tag == BRPATH_TAG_VLAN && prediction.service == ServiceOutcome::breaks &&
            prediction.reason == BRPATH_VLAN_TAGGED && bridge_of(facts, prediction)->carries_vlans) {
            put_broken(check, facts, prediction, fmt::format("{} is 0", sysctl.key));
            return check;
        }
    return check;
}

std::string text_of(const char *family, const FamilySetting &setting) {
    const auto number = [](std::optional<int> value) {
        return value ? std::to_string(*value) : std::string("-");
    };
    const char *effective = !setting.effective ? "not known" : *setting.effective ? "on" : "off";

    return fmt::format("{} {} (sysctl {}, own {})", family, effective, number(setting.sysctl),
                       number(setting.bridge));
}

} // namespace

void check_module(const AuditFacts &facts, Predictions predictions, Checks &checks) {
    Check check{.name = setting::module, .what = to_string(facts.module)};

    if (facts.module == ModuleState::absent) {
        if (const auto *broken =
                broken_by(facts, predictions, BRPATH_MODULE_ABSENT, BRPATH_TAG_NONE, std::nullopt)) {
            put_broken(check, facts, *broken, "br_netfilter is not loaded");
        } else if (is_service_unknown(predictions, BRPATH_MODULE_ABSENT, std::nullopt)) {
            check.result = CheckResult::unknown;
            check.why = why_unknown(facts, predictions, std::nullopt);
        } else if (!facts.bridges.empty()) {
            check.why = nothing_to_break;
        }
    }
    checks.push_back(std::move(check));
}

void check_sysctls(const AuditFacts &facts, Predictions predictions, Checks &checks) {
    for (const auto &sysctl : facts.sysctls) {
        if (facts.module == ModuleState::absent)
            continue;
        if (!sysctl.value)
            checks.push_back({.name = sysctl.key, .what = "not there: this kernel lacks the family"});
        else if (sysctl.key == setting::call_iptables || sysctl.key == setting::call_ip6tables)
            checks.push_back(check_call(facts, predictions, sysctl, sysctl.key == setting::call_ip6tables));
        else
            checks.push_back(check_tagged(facts, predictions, sysctl));
    }
}

void check_bridges(const AuditFacts &facts, Checks &checks) {
    if (!facts.bridges_unseen.empty())
        checks.push_back({.name = "bridges", .result = CheckResult::unknown, .what = facts.bridges_unseen});
    else if (facts.bridges.empty())
        checks.push_back({.name = "bridges", .what = "none"});
    for (const auto &[bridge, carries_vlans, rules] : facts.bridges) {
        Check check{.name = "bridge " + bridge.name,
                    .what =
                        fmt::format("{} port{}{}; {}; {}; {}", bridge.ports, bridge.ports == 1 ? "" : "s",
                                    carries_vlans ? " and VLAN devices" : "", text_of("IPv4", bridge.ipv4),
                                    text_of("IPv6", bridge.ipv6), text_of("ARP", bridge.arp))};
        for (const bool ipv6 : {false, true}) {
            const auto &setting = setting_of(bridge, ipv6);
            if (facts.module == ModuleState::absent || setting.sysctl.value_or(1) != 0 ||
                setting.bridge.value_or(0) == 0)
                continue;
            check.result = CheckResult::note;
            check.why =
                fmt::format("{} is 0, and this bridge has {} of its own: a bridge that is made anew does not",
                            setting::call_sysctl(ipv6), setting::call_attribute(ipv6));
            check.fix = {"# nothing to do if that is meant; else: " +
                         in_namespace(facts.netns, fmt::format("ip link set dev {} type bridge {} 0",
                                                               quote_for_shell(bridge.name),
                                                               setting::call_attribute(ipv6)))};
        }
        checks.push_back(std::move(check));
    }
}

} // namespace brpath
