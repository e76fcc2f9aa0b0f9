// SPDX-License-Identifier: BSD-2-Clause
#include "model/finding_text.hpp"
#include "model/fix.hpp"
#include "model/rules.hpp"

#include <fmt/format.h>

namespace brpath {

void find_bypassed_policy(Summary &summary) {
    Finding finding{.id = "policy-bypassed", .severity = Severity::warning};
    NameList pairs, rules;
    Counts missed[2]; // IPv4, IPv6
    std::int64_t frames = 0;
    bool certain = false;

    for (auto &pair : summary.pairs) {
        if (!pair.policy)
            continue;
        pair.findings.push_back(finding.id);
        pairs.add(label(pair));
        rules.add(pair.policy->rule);
        certain = certain || pair.policy->certain;
        for (const auto *counts : {&pair.to_server, &pair.to_client}) {
            frames += counts->by_handling[BRPATH_BYPASSED];
            add_reasons(missed[is_ipv6(pair)], *counts);
        }
    }
    if (pairs.size() == 0)
        return;
    if (!certain)
        finding.severity = Severity::info; // what is not understood of a rule may let them pass
    finding.summary =
        fmt::format("{}: these frames cross the bridge without meeting the FORWARD rules, which {} them",
                    pairs.text(), certain ? "would have dropped" : "may have dropped");
    finding.evidence = {{"pairs", pairs.size()}, {"bypassed", frames}, {"rules", rules.text()}};
    finding.fix = fix_for_bypass(missed[0], missed[1], summary);
    summary.findings.push_back(std::move(finding));
}

} // namespace brpath
