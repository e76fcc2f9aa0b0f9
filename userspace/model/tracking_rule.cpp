// SPDX-License-Identifier: BSD-2-Clause
#include "model/finding_text.hpp"
#include "model/fix.hpp"
#include "model/rules.hpp"

#include <fmt/format.h>

namespace brpath {

namespace {

bool is_seen(const Counts &counts) {
    return counts.by_handling[BRPATH_TRACKED] > 0 && counts.by_handling[BRPATH_BYPASSED] <= 0;
}

bool is_missed(const Counts &counts) {
    return counts.by_handling[BRPATH_BYPASSED] > 0 && counts.by_handling[BRPATH_TRACKED] <= 0;
}

} // namespace

// A change of the setting explains as much, and is a finding itself.
void find_asymmetry(Summary &summary) {
    Finding finding{.id = "asymmetric-tracking", .severity = Severity::warning};
    NameList pairs;
    std::int64_t seen = 0;
    Counts missed[2]; // IPv4, IPv6
    std::int64_t bypassed_frames = 0;

    for (auto &pair : summary.pairs) {
        const bool to_client_is_missed = is_seen(pair.to_server) && is_missed(pair.to_client);
        const bool to_server_is_missed = is_missed(pair.to_server) && is_seen(pair.to_client);
        if (pair.service || !pair.is_ip || !summary.changes.empty() ||
            (!to_client_is_missed && !to_server_is_missed))
            continue;
        const auto &bypassed = to_client_is_missed ? pair.to_client : pair.to_server;
        const auto &tracked = to_client_is_missed ? pair.to_server : pair.to_client;
        pair.findings.push_back(finding.id);
        pairs.add(label(pair));
        seen += tracked.by_handling[BRPATH_TRACKED];
        add_reasons(missed[is_ipv6(pair)], bypassed);
        bypassed_frames += bypassed.by_handling[BRPATH_BYPASSED];
    }
    if (pairs.size() == 0)
        return;
    finding.summary = fmt::format("{}: conntrack sees one direction only, the other one crosses the bridge "
                                  "without it; rules that ask for the state of a connection judge it wrongly",
                                  pairs.text());
    finding.evidence = {{"pairs", pairs.size()}, {"tracked", seen}, {"bypassed", bypassed_frames}};
    finding.fix = fix_for_bypass(missed[0], missed[1], summary);
    summary.findings.push_back(std::move(finding));
}

} // namespace brpath
