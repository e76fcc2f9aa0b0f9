// SPDX-License-Identifier: BSD-2-Clause
#include "model/audit_rules.hpp"
#include "model/audit_text.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace brpath {

namespace {

CheckResult worst_of(const Checks &checks) {
    auto worst = CheckResult::ok;

    for (const auto &check : checks)
        worst = std::max(worst, check.result);
    return worst;
}

std::size_t count(const Checks &checks, CheckResult result) {
    return static_cast<std::size_t>(std::count_if(
        checks.begin(), checks.end(), [&](const Check &check) { return check.result == result; }));
}

std::string first_why(const Checks &checks, CheckResult result) {
    for (const auto &check : checks)
        if (check.result == result)
            return check.why.empty() ? check.name + ": " + check.what : check.why;
    return {};
}

std::string and_more(std::size_t all) { return all > 1 ? fmt::format(" (and {} more below)", all - 1) : ""; }

bool any_service(const NamespaceAudit &audit, ServiceOutcome outcome) {
    return std::any_of(audit.predictions.begin(), audit.predictions.end(), [&](const Prediction &prediction) {
        return prediction.tag == BRPATH_TAG_NONE && prediction.service == outcome;
    });
}

std::string why_fine(const NamespaceAudit &audit) {
    if (audit.facts.bridges.empty())
        return "there is no bridge here";
    if (!any_service(audit, ServiceOutcome::works))
        return "nothing here translates frames of a bridge, so none that bypasses netfilter breaks anything";
    return "a Service works also with client and server on the same bridge";
}

bool is_blind(const NamespaceAudit &audit) {
    return !audit.facts.bridges_unseen.empty() || any_service(audit, ServiceOutcome::unknown);
}

std::string why_blind(const NamespaceAudit &audit) {
    if (!audit.facts.bridges_unseen.empty())
        return audit.facts.bridges_unseen;
    for (const auto &prediction : audit.predictions)
        if (prediction.tag == BRPATH_TAG_NONE && prediction.service == ServiceOutcome::unknown)
            return fmt::format("whether a Service with client and server on {} works over {}: {}",
                               prediction.bridge, family_name(prediction.ipv6),
                               audit.facts.rules_unseen.empty() ? prediction.why : audit.facts.rules_unseen);
    return {};
}

std::string verdict_of(const NamespaceAudit &audit) {
    for (const auto &[result, words] :
         {std::pair(CheckResult::fail, "broken"), std::pair(CheckResult::warn, "at risk")})
        if (const auto found = count(audit.checks, result); found > 0)
            return fmt::format("{}: {}{}", words, first_why(audit.checks, result), and_more(found));
    if (is_blind(audit))
        return "not known: " + why_blind(audit);
    return "fine: " + why_fine(audit);
}

} // namespace

NamespaceAudit audit_namespace(AuditFacts facts) {
    NamespaceAudit audit{.facts = std::move(facts), .verdict = {}, .checks = {}, .predictions = {}};

    audit.predictions = predict(audit.facts);
    check_module(audit.facts, audit.predictions, audit.checks);
    check_sysctls(audit.facts, audit.predictions, audit.checks);
    check_bridges(audit.facts, audit.checks);
    check_translation(audit.facts, audit.checks);
    check_conntrack(audit.facts, audit.checks);
    check_forwarding(audit.facts, audit.checks);
    check_forward_rules(audit.facts, audit.checks);
    check_boot(audit.facts, audit.checks);
    audit.result = worst_of(audit.checks);
    audit.verdict = verdict_of(audit);
    return audit;
}

Audit audit_node(NodeFacts node, std::vector<NamespaceAudit> namespaces) {
    Audit audit{.node = std::move(node),
                .verdict = {},
                .checks = {},
                .namespaces = std::move(namespaces),
                .unseen = {}};
    const NamespaceAudit *worst = nullptr;

    check_capabilities(audit.node, audit.checks);
    check_hooks(audit.node, audit.checks);
    audit.result = worst_of(audit.checks);
    for (const auto &one : audit.namespaces) {
        audit.result = std::max(audit.result, one.result);
        if (!worst || one.result > worst->result)
            worst = &one;
    }
    audit.verdict = worst ? worst->verdict : "fine: there is no bridge here";
    if (audit.result >= CheckResult::warn && (!worst || worst->result < CheckResult::warn))
        audit.verdict = "at risk: " + first_why(audit.checks, CheckResult::warn);
    else if (worst && audit.namespaces.size() > 1 && worst->result >= CheckResult::warn)
        audit.verdict +=
            fmt::format(" [in {}]", worst->facts.netns.empty() ? "this namespace" : worst->facts.netns);
    return audit;
}

} // namespace brpath
