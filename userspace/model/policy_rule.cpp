// SPDX-License-Identifier: BSD-2-Clause
#include "model/finding_text.hpp"
#include "model/fix.hpp"
#include "model/rules.hpp"

#include <fmt/format.h>

namespace brpath {

void find_bypassed_policy(Summary &summary) {
    Finding finding{.id = "policy-bypassed", .severity = Severity::warning};
    std::vector<std::string> pairs, rules;
    Counts missed;
    bool ipv6 = false, certain = false;

    for (auto &pair : summary.pairs) {
        if (!pair.policy)
            continue;
        pair.findings.push_back(finding.id);
        add_unique(pairs, label(pair));
        add_unique(rules, pair.policy->rule);
        certain = certain || pair.policy->certain;
        ipv6 = ipv6 || pair.sample.source.ipv6;
        for (const auto *counts : {&pair.to_server, &pair.to_client}) {
            missed.by_handling[BRPATH_BYPASSED] += counts->by_handling[BRPATH_BYPASSED];
            for (std::size_t reason = 0; reason < BRPATH_REASONS; reason++)
                missed.by_reason.at(reason) += counts->by_reason.at(reason);
        }
    }
    if (pairs.empty())
        return;
    finding.summary =
        fmt::format("{}: these frames cross the bridge without meeting the FORWARD rules, which {} them",
                    join_some(pairs), certain ? "would have dropped" : "may have dropped");
    finding.evidence = {{"pairs", static_cast<std::int64_t>(pairs.size())},
                        {"bypassed", missed.by_handling[BRPATH_BYPASSED]},
                        {"rules", join_some(rules)}};
    finding.fix = fix_for_bypass(missed, ipv6, summary);
    summary.findings.push_back(std::move(finding));
}

} // namespace brpath
