// SPDX-License-Identifier: BSD-2-Clause
#include "model/finding_text.hpp"
#include "model/fix.hpp"
#include "model/rules.hpp"

#include <fmt/format.h>

namespace brpath {

void find_bypassed_policy(Summary &summary) {
    Finding finding{.id = "policy-bypassed", .severity = Severity::warning};
    std::vector<std::string> pairs, rules;
    Counts missed[2]; // IPv4, IPv6
    std::int64_t frames = 0;
    bool certain = false;

    for (auto &pair : summary.pairs) {
        if (!pair.policy)
            continue;
        pair.findings.push_back(finding.id);
        add_unique(pairs, label(pair));
        add_unique(rules, pair.policy->rule);
        certain = certain || pair.policy->certain;
        for (const auto *counts : {&pair.to_server, &pair.to_client}) {
            frames += counts->by_handling[BRPATH_BYPASSED];
            add_reasons(missed[pair.sample.source.ipv6], *counts);
        }
    }
    if (pairs.empty())
        return;
    if (!certain)
        finding.severity = Severity::info; // what is not understood of a rule may let them pass
    finding.summary =
        fmt::format("{}: these frames cross the bridge without meeting the FORWARD rules, which {} them",
                    join_some(pairs), certain ? "would have dropped" : "may have dropped");
    finding.evidence = {{"pairs", static_cast<std::int64_t>(pairs.size())},
                        {"bypassed", frames},
                        {"rules", join_some(rules)}};
    finding.fix = fix_for_bypass(missed[0], missed[1], summary);
    summary.findings.push_back(std::move(finding));
}

} // namespace brpath
