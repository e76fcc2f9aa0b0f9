// SPDX-License-Identifier: BSD-2-Clause
#include "app/evidence.hpp"

#include "app/diagnostics.hpp"
#include "doctor/boot.hpp"
#include "kernel/conntrack.hpp"
#include "rules/read_rules.hpp"
#include "util/printable.hpp"
#include "util/setting_names.hpp"

#include <algorithm>
#include <array>
#include <linux/if_ether.h>
#include <set>
#include <utility>

namespace brpath {

namespace {

// With ten thousand rules a question takes half a millisecond. The most telling pairs come first.
constexpr std::size_t questions_max = 2000;
constexpr std::size_t policies_max = 16384;

Tuple to_tuple(const brpath_tuple &tuple, const ConntrackEntry &entry) {
    brpath_flow_key key{};

    key.ethertype = entry.ipv6 ? ETH_P_IPV6 : ETH_P_IP;
    key.proto = entry.protocol;
    return make_tuple(tuple, key);
}

Question question_about(const Tuple &tuple, Phase phase, const PortName *port) {
    Question question;

    question.phase = phase;
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

bool needs_conntrack(const Pair &pair) { return pair.is_answered_untranslated(); }

constexpr std::array boot_keys = {setting::call_iptables, setting::call_ip6tables,
                                  setting::filter_vlan_tagged, setting::filter_pppoe_tagged};

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

Evidence::ConversationId Evidence::id_of(const Pair &pair) {
    return {pair.client.ip, pair.service->ip, pair.service->port, pair.server.ip, pair.protocol};
}

// Of a table of a million entries only those count that somebody waits for.
Result<void> Evidence::read_unreplied(const Summary &summary) {
    std::set<Address> clients;
    std::map<ConversationId, std::int64_t> counted;

    for (const auto &pair : summary.pairs)
        if (needs_conntrack(pair)) {
            for (const auto &sample : pair.samples)
                clients.insert(sample.source);
            counted.emplace(id_of(pair), 0);
        }
    const auto listing = list_conntrack(IPS_DST_NAT, [&](const ConntrackEntry &entry) {
        const auto asked = to_tuple(entry.original, entry), answer = to_tuple(entry.reply, entry);
        if (!entry.is_unreplied() || !clients.contains(asked.source))
            return;
        const auto found =
            counted.find({to_string(asked.source), to_string(asked.destination), asked.destination_port,
                          to_string(answer.source), protocol_name(asked.protocol)});
        if (found != counted.end())
            found->second++;
    });

    unreplied_.clear();
    if (!listing)
        return Failure(listing.error());
    if (*listing == ConntrackListing::complete)
        unreplied_ = std::move(counted);
    return {};
}

// What was found stays: it was so, and the conversation may not be among the latest any more.
void Evidence::judge_all(const Summary &summary, const ForwardRules &rules, const Names &names) {
    std::size_t questions = 0;

    for (const auto &pair : summary.pairs) {
        if (!needs_rules(pair))
            continue;
        const PairId id{pair.client.ip, pair.server.ip, pair.protocol};
        const auto before = policies_.find(id);
        PolicyHit known = before == policies_.end() ? PolicyHit{} : before->second;
        const auto ask = [&](const Counts &counts, const Tuple &tuple, Phase phase) {
            if (!is_bypassed(counts) || known.certain || ++questions > questions_max)
                return;
            const auto judged =
                judge(rules, question_about(tuple, phase, names.port(pair.client.port_ifindex)));
            if (judged.judgement != Judgement::passes)
                known = {judged.judgement == Judgement::drops, printable(judged.rule)};
        };
        for (const auto &sample : pair.samples) {
            ask(pair.to_server, sample, Phase::begins);
            ask(pair.to_client, reversed(sample), Phase::answers);
        }
        if (known.rule.empty())
            continue;
        if (policies_.size() >= policies_max)
            policies_.clear(); // pairs that come again are judged again
        policies_.insert_or_assign(id, known);
    }
}

Result<void> Evidence::read(const Summary &summary, const Names &names) {
    if (summary.node.boots_from_here)
        boot_ = BootSettings::read();
    if (std::any_of(summary.pairs.begin(), summary.pairs.end(), needs_conntrack))
        if (auto done = read_unreplied(summary); !done)
            return done;
    if (!std::any_of(summary.pairs.begin(), summary.pairs.end(), needs_rules))
        return {};
    const auto rules = read_forward_rules();
    if (!rules)
        return Failure(rules.error());
    judge_all(summary, *rules, names);
    return {};
}

void Evidence::complete_pair(Pair &pair) const {
    if (needs_conntrack(pair))
        if (const auto found = unreplied_.find(id_of(pair)); found != unreplied_.end())
            pair.conntrack_unreplied = found->second;
    if (!needs_rules(pair))
        return;
    const auto policy = policies_.find({pair.client.ip, pair.server.ip, pair.protocol});
    if (policy != policies_.end())
        pair.policy = policy->second;
}

void Evidence::complete(Summary &summary, const SystemView &view, const Names &names) {
    const auto begin = Pace::Clock::now();

    if (pace_.is_due(begin)) {
        if (const auto done = read(summary, names); !done && !std::exchange(told_, true))
            print_error(done.error());
        pace_.took(begin, Pace::Clock::now());
    }
    for (auto &pair : summary.pairs)
        complete_pair(pair);
    if (boot_)
        summary.boot_values = boot_sysctls(*boot_, view.settings(), boot_keys);
}

} // namespace brpath
