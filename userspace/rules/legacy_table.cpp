// SPDX-License-Identifier: BSD-2-Clause
#include "rules/legacy_table.hpp"

#include "rules/legacy_entries.hpp"
#include "rules/xt_decode.hpp"

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>

namespace brpath {

namespace {

using Bytes = std::span<const std::byte>;

using ChainNames = std::map<std::size_t, std::string>; // by the offset of the first rule

Action standard_action(const LegacyEntry &entry, const ChainNames &names) {
    std::int32_t verdict = 0;
    if (!read_struct_at(entry.data, 0, verdict))
        return {};
    if (verdict == -NF_ACCEPT - 1)
        return {Verdict::accept};
    if (verdict == -NF_DROP - 1)
        return {Verdict::drop};
    if (verdict == XT_RETURN)
        return {Verdict::leave};
    if (verdict < 0)
        return {};
    const auto to = static_cast<std::size_t>(verdict);
    if (to == entry.next)
        return {Verdict::next}; // a rule without a target
    const auto chain = names.find(to);
    return chain == names.end() ? Action{}
                                : Action{entry.goes_to ? Verdict::go_to : Verdict::jump, chain->second};
}

Rule make_rule(const LegacyEntry &entry, const ChainNames &names) {
    const Action action =
        entry.target.empty() ? standard_action(entry, names) : Action{decode_xt_target(entry.target)};
    Rule rule{.matches = entry.matches,
              .comment = entry.comment,
              .effect = decode_xt_effect(entry.target, entry.data),
              .is_iptables = true};
    if (action.verdict != Verdict::next)
        rule.actions.push_back(action);
    return rule;
}

const char *chain_name(Place place) {
    switch (place) {
    case Place::before_routing:
        return "PREROUTING";
    case Place::behind_routing:
        return "POSTROUTING";
    case Place::forward:
        break;
    }
    return "FORWARD";
}

} // namespace

// First the built-in chains, each up to its policy. Then the user's, each behind an entry with its name.
std::optional<Table> parse_legacy_table(Bytes bytes, bool ipv6, const LegacyHook &hook,
                                        const std::string &name) {
    const auto entries = read_legacy_entries(bytes, ipv6);
    if (!entries)
        return std::nullopt;
    ChainNames names;
    for (const LegacyEntry &entry : *entries)
        if (auto own = chain_behind(entry))
            names[entry.next] = std::move(*own);
    const char *const base = chain_name(hook.place);
    Table table{.family = ipv6 ? TableFamily::ip6 : TableFamily::ip, .is_legacy = true, .name = name};
    std::string chain; // empty: of another hook
    bool has_policy = false;
    for (const LegacyEntry &entry : *entries) {
        if (entry.offset == hook.begin)
            chain = base;
        if (auto own = chain_behind(entry)) {
            chain = std::move(*own);
        } else if (entry.offset == hook.policy && chain == base) {
            const bool drops = standard_action(entry, names).verdict == Verdict::drop;
            table.chains[chain].base = BaseChain{NF_IP_PRI_FILTER, drops, hook.place};
            chain.clear();
            has_policy = true;
        } else if (!chain.empty()) {
            table.chains[chain].rules.push_back(make_rule(entry, names));
        }
    }
    return has_policy ? std::optional(std::move(table)) : std::nullopt;
}

} // namespace brpath
