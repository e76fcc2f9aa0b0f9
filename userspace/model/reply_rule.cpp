// SPDX-License-Identifier: BSD-2-Clause
#include "model/finding_text.hpp"
#include "model/fix.hpp"
#include "model/rules.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <tuple>

namespace brpath {

namespace {

constexpr const char *reply_not_translated = "reply-not-translated";

struct BrokenService {
    Service service;
    std::string protocol;
    NameList clients, servers;
    std::int64_t replies = 0, errors = 0, resets = 0, client_errors = 0, syn_retransmissions = 0;
    Counts bypassed;                       // by_reason only
    std::optional<std::int64_t> unreplied; // entries of conntrack
    TimeSpan seen;
    const Pair *example = nullptr;
};

void add_pair(BrokenService &broken, const Pair &pair) {
    broken.service = *pair.service;
    broken.protocol = pair.protocol;
    broken.clients.add(label(pair.client));
    broken.servers.add(label(pair.server));
    broken.replies += pair.untranslated_replies;
    broken.errors += pair.untranslated_errors;
    broken.resets += pair.client_resets;
    broken.client_errors += pair.client_errors;
    broken.syn_retransmissions += pair.syn_retransmissions;
    for (std::size_t reason = 0; reason < BRPATH_REASONS; reason++)
        broken.bypassed.by_reason.at(reason) += pair.untranslated_by_reason.at(reason);
    if (pair.conntrack_unreplied)
        broken.unreplied = broken.unreplied.value_or(0) + *pair.conntrack_unreplied;
    const auto &seen = pair.untranslated_seen;
    if (!broken.seen.first_ns || seen.first_ns < broken.seen.first_ns)
        broken.seen.first_ns = seen.first_ns;
    broken.seen.last_ns = std::max(broken.seen.last_ns, seen.last_ns);
    if (!broken.example || broken.example->client_resets + broken.example->client_errors <
                               pair.client_resets + pair.client_errors)
        broken.example = &pair;
}

std::string consequence(const BrokenService &broken) {
    if (broken.protocol == "tcp" && broken.resets > 0)
        return "the client resets the connection";
    if (broken.client_errors > 0)
        return "the client rejects it with an ICMP error";
    return "the client does not take it as an answer";
}

// One conversation as a person would follow it in a capture.
void add_example(Finding &finding, const Pair &pair) {
    auto &evidence = finding.evidence;

    evidence.emplace_back("example", fmt::format("{} asks {}, is answered by {}", pair.client.ip,
                                                 address_and_port(*pair.service), pair.server.ip));
    if (!pair.example)
        return;
    evidence.emplace_back("example_request", pair.example->asked);
    evidence.emplace_back("example_delivered", pair.example->delivered);
    evidence.emplace_back("example_reply", pair.example->answered);
    evidence.emplace_back("example_expected", pair.example->expected);
    if (pair.client_errors > 0)
        evidence.emplace_back("example_client", "answers with an ICMP error");
    else if (pair.protocol == "tcp")
        evidence.emplace_back("example_client", pair.client_resets > 0 ? "answers RST" : "does not answer");
}

std::string sentence(const BrokenService &broken) {
    const auto service = label(broken.service);

    if (broken.replies <= 0)
        return fmt::format(
            "{} cannot learn why {} does not answer over {}: ICMP errors from {} cross the bridge without "
            "netfilter, about requests that the client never sent",
            broken.clients.text(), service, broken.protocol, broken.servers.text());
    return fmt::format(
        "{} cannot reach {} over {}: replies from {} cross the bridge without netfilter and keep the "
        "address of {}; {}",
        broken.clients.text(), service, broken.protocol, broken.servers.text(),
        broken.servers.size() > 1 ? "a server" : broken.servers.front(), consequence(broken));
}

Finding describe(const BrokenService &broken, const Summary &summary) {
    Finding finding;

    finding.id = reply_not_translated;
    finding.severity = Severity::critical;
    finding.summary = sentence(broken);
    finding.evidence = {
        {"service", address_and_port(broken.service)},
        {"protocol", broken.protocol},
        {"clients", broken.clients.text()},
        {"servers", broken.servers.text()},
        {"untranslated_replies", broken.replies},
    };
    if (broken.errors > 0)
        finding.evidence.emplace_back("untranslated_errors", broken.errors);
    if (broken.client_errors > 0)
        finding.evidence.emplace_back("client_errors", broken.client_errors);
    if (broken.protocol == "tcp") {
        finding.evidence.emplace_back("client_resets", broken.resets);
        finding.evidence.emplace_back("syn_retransmissions", broken.syn_retransmissions);
    }
    for (std::size_t reason = 0; reason < BRPATH_REASONS; reason++)
        if (broken.bypassed.by_reason.at(reason))
            finding.evidence.emplace_back(
                fmt::format("bypassed_{}", to_string(static_cast<brpath_reason>(reason))),
                broken.bypassed.by_reason.at(reason));
    if (broken.unreplied)
        finding.evidence.emplace_back("conntrack_unreplied", *broken.unreplied);
    finding.evidence.emplace_back("first_seen", time_text(summary, broken.seen.first_ns));
    finding.evidence.emplace_back("last_seen", time_text(summary, broken.seen.last_ns));
    add_example(finding, *broken.example);
    finding.fix = fix_for_bypass(broken.bypassed, is_ipv6(broken.service.ip), summary);
    return finding;
}

} // namespace

void find_untranslated_replies(Summary &summary) {
    std::map<std::tuple<std::string, std::uint16_t, std::string>, BrokenService> broken;

    for (auto &pair : summary.pairs) {
        if (!pair.is_answered_untranslated())
            continue;
        pair.findings.emplace_back(reply_not_translated);
        add_pair(broken[{pair.service->ip, pair.service->port, pair.protocol}], pair);
    }
    for (const auto &[key, service] : broken)
        summary.findings.push_back(describe(service, summary));
}

} // namespace brpath
