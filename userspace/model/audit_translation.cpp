// SPDX-License-Identifier: BSD-2-Clause
// What translates here, what keeps translations, and what may drop frames on the way.
#include "model/audit_rules.hpp"
#include "model/audit_text.hpp"
#include "model/fix.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace brpath {

namespace {

bool is_on_somewhere(const AuditFacts &facts, bool ipv6) {
    return std::any_of(facts.bridges.begin(), facts.bridges.end(), [&](const BridgeFacts &bridge) {
        return setting_of(bridge.summary, ipv6).effective.value_or(0) != 0;
    });
}

void put_forward_rule(Check &check, const AuditFacts &facts, const BridgeFacts &bridge, bool ipv6) {
    const auto &hit = *bridge.rules.at(ipv6)->forward;
    const bool is_on = setting_of(bridge.summary, ipv6).effective.value_or(0) != 0;

    check.what = fmt::format("{} {}", hit.rule, hit.certain ? "drops what crosses the bridge" : "may drop");
    if (!is_on) {
        check.result = CheckResult::note;
        check.why = "with the setting off these frames pass without meeting that rule";
        return;
    }
    check.result = !hit.certain                ? CheckResult::note
                   : has_pairs(bridge.summary) ? CheckResult::fail
                                               : CheckResult::warn;
    check.why =
        hit.certain
            ? fmt::format(
                  "two pods on {} cannot talk over {} at all: with the setting on their frames meet the "
                  "rules of FORWARD, and {} drops them",
                  bridge.summary.name, family_name(ipv6), hit.rule)
            : "with the setting on, frames between two pods of this bridge meet it";
    if (hit.certain)
        check.fix = fix_for_drops(ipv6, summary_for_fixes(facts));
}

} // namespace

void check_translation(const AuditFacts &facts, Checks &checks) {
    for (const bool ipv6 : {false, true}) {
        const auto &uses = facts.families.at(ipv6).mechanisms;
        Check check{.name = fmt::format("translation {}", family_name(ipv6))};

        if (!facts.rules_unseen.empty()) {
            check.result = CheckResult::unknown;
            check.what = uses.empty() ? facts.rules_unseen : list_of(uses) + "; " + facts.rules_unseen;
        } else {
            check.what = uses.empty() ? "none" : list_of(uses);
        }
        const bool is_reached =
            std::any_of(facts.bridges.begin(), facts.bridges.end(), [&](const BridgeFacts &bridge) {
                return bridge.rules.at(ipv6) && !bridge.rules.at(ipv6)->translating.empty();
            });
        if (facts.rules_unseen.empty() && !uses.empty() && !facts.bridges.empty() && !is_reached)
            check.why = "none of it is for frames that come in by a bridge";
        checks.push_back(std::move(check));
    }
}

void check_conntrack(const AuditFacts &facts, Checks &checks) {
    for (const bool ipv6 : {false, true}) {
        Check check{.name = fmt::format("conntrack {}", family_name(ipv6))};

        switch (facts.families.at(ipv6).conntrack) {
        case BRPATH_ANSWER_YES:
            check.what = "registered";
            break;
        case BRPATH_ANSWER_NO:
            check.what = "not registered: no rule needs it";
            if (is_on_somewhere(facts, ipv6)) {
                check.result = CheckResult::note;
                check.why = "frames meet the IP hooks for nothing that remembers them";
            }
            break;
        default:
            check.result = CheckResult::unknown;
            check.what = facts.conntrack_unseen;
        }
        checks.push_back(std::move(check));
    }
}

void check_forwarding(const AuditFacts &facts, Checks &checks) {
    for (const bool ipv6 : {false, true}) {
        const auto &family = facts.families.at(ipv6);
        const char *key = ipv6 ? "net.ipv6.conf.all.forwarding" : "net.ipv4.ip_forward";
        Check check{.name = key};

        if (!family.forwards) {
            check.what = "not there";
        } else {
            check.what = std::to_string(*family.forwards);
            if (*family.forwards == 0 && !facts.bridges.empty() && !family.mechanisms.empty()) {
                check.result = CheckResult::warn;
                check.why =
                    fmt::format("{} translates over {}, and the node routes nothing: what is translated to a "
                                "server elsewhere is not sent on",
                                names_of(family.mechanisms), family_name(ipv6));
                check.fix = {in_namespace(facts.netns, fmt::format("sysctl -w {}=1", key))};
            }
        }
        checks.push_back(std::move(check));
    }
}

// A check for each bridge whose frames may be dropped, and one for all others.
void check_forward_rules(const AuditFacts &facts, Checks &checks) {
    for (const bool ipv6 : {false, true}) {
        bool passes = false;
        const auto name = fmt::format("FORWARD {}", family_name(ipv6));

        for (const auto &bridge : facts.bridges) {
            const auto &rules = bridge.rules.at(ipv6);
            if (rules && rules->forward) {
                checks.push_back({.name = name + " " + bridge.summary.name});
                put_forward_rule(checks.back(), facts, bridge, ipv6);
            }
            passes = passes || (rules && !rules->forward);
        }
        if (!facts.rules_unseen.empty() && !facts.bridges.empty())
            checks.push_back({.name = name, .result = CheckResult::unknown, .what = facts.rules_unseen});
        else if (passes)
            checks.push_back({.name = name, .what = "lets pass what crosses a bridge"});
    }
}

} // namespace brpath
