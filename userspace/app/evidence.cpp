// SPDX-License-Identifier: BSD-2-Clause
#include "app/evidence.hpp"

#include "app/diagnostics.hpp"
#include "kernel/conntrack.hpp"
#include "rules/read_rules.hpp"
#include "util/printable.hpp"

#include <algorithm>
#include <linux/if_ether.h>
#include <utility>

namespace brpath {

namespace {

Tuple to_tuple(const brpath_tuple &tuple, const ConntrackEntry &entry) {
    brpath_flow_key key{};

    key.ethertype = entry.ipv6 ? ETH_P_IPV6 : ETH_P_IP;
    key.proto = entry.protocol;
    return make_tuple(tuple, key);
}

Question question_about(const Tuple &tuple, const PortName *port) {
    Question question;

    question.ipv6 = tuple.source.ipv6;
    if (port) {
        question.bridge = port->bridge;
        question.bridge_index = port->bridge_ifindex;
    }
    question.source = tuple.source.bytes;
    question.destination = tuple.destination.bytes;
    question.protocol = tuple.protocol;
    question.source_port = tuple.source_port;
    question.destination_port = tuple.destination_port;
    return question;
}

bool is_bypassed(const Counts &counts) { return counts.by_handling[BRPATH_BYPASSED] > 0; }

bool needs_rules(const Pair &pair) {
    return pair.is_ip && (is_bypassed(pair.to_server) || is_bypassed(pair.to_client));
}

bool needs_conntrack(const Pair &pair) { return pair.untranslated_replies > 0 && pair.service; }

std::vector<BootDifference> boot_differences(const BootSettings &boot, const NamespaceSettings &settings) {
    std::vector<BootDifference> differences;

    for (const auto &[key, now] :
         {std::pair("net.bridge.bridge-nf-call-iptables", settings.call_iptables),
          std::pair("net.bridge.bridge-nf-call-ip6tables", settings.call_ip6tables)}) {
        const auto at_boot = boot.value(key);
        if (now && at_boot && at_boot->value != std::to_string(*now))
            differences.push_back({key, std::to_string(*now), printable(at_boot->value),
                                   printable(at_boot->file), static_cast<std::int64_t>(at_boot->line)});
    }
    return differences;
}

} // namespace

Result<void> learn_connections(PairTable &pairs) {
    return list_conntrack(0,
                          [&](const ConntrackEntry &entry) {
                              if (entry.is_translated())
                                  pairs.learn_connection(to_tuple(entry.original, entry),
                                                         to_tuple(entry.reply, entry));
                          })
        .map([](ConntrackListing) {});
}

Result<void> Evidence::read_unreplied() {
    std::map<ServiceId, std::int64_t> counted;
    const auto listing = list_conntrack(IPS_DST_NAT, [&](const ConntrackEntry &entry) {
        if (!entry.is_unreplied())
            return;
        const auto tuple = to_tuple(entry.original, entry);
        counted[{to_string(tuple.source), to_string(tuple.destination), tuple.destination_port,
                 protocol_name(tuple.protocol)}]++;
    });

    if (!listing)
        return Failure(listing.error());
    is_conntrack_read_ = *listing == ConntrackListing::complete;
    unreplied_ = std::move(counted);
    return {};
}

Result<void> Evidence::read(const Summary &summary) {
    if (summary.node.netns.empty())
        boot_ = BootSettings::read();
    if (std::any_of(summary.pairs.begin(), summary.pairs.end(), needs_rules)) {
        auto rules = read_forward_rules();
        if (!rules)
            return Failure(rules.error());
        rules_ = std::move(*rules);
    }
    if (std::any_of(summary.pairs.begin(), summary.pairs.end(), needs_conntrack))
        return read_unreplied();
    return {};
}

void Evidence::complete_pair(Pair &pair, const Names &names) const {
    const auto judge_direction = [&](const Counts &counts, const Tuple &tuple) {
        if (!is_bypassed(counts) || (pair.policy && pair.policy->certain))
            return;
        const auto judged = judge(rules_, question_about(tuple, names.port(pair.client.port_ifindex)));
        if (judged.judgement != Judgement::passes)
            pair.policy = PolicyHit{judged.judgement == Judgement::drops, printable(judged.rule)};
    };

    if (needs_conntrack(pair) && is_conntrack_read_) {
        const auto found =
            unreplied_.find({pair.client.ip, pair.service->ip, pair.service->port, pair.protocol});
        pair.conntrack_unreplied = found == unreplied_.end() ? 0 : found->second;
    }
    if (!needs_rules(pair) || rules_.tables.empty())
        return;
    judge_direction(pair.to_server, pair.sample);
    judge_direction(pair.to_client, reversed(pair.sample));
}

void Evidence::complete(Summary &summary, const SystemView &view, const Names &names) {
    const auto begin = Pace::Clock::now();
    const bool is_due = pace_.is_due(begin);

    if (is_due)
        if (const auto done = read(summary); !done && !std::exchange(told_, true))
            print_error(done.error());
    for (auto &pair : summary.pairs)
        complete_pair(pair, names);
    if (boot_)
        summary.boot_differences = boot_differences(*boot_, view.settings());
    if (is_due)
        pace_.took(begin, Pace::Clock::now());
}

} // namespace brpath
