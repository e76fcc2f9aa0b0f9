// SPDX-License-Identifier: BSD-2-Clause
#include "rules/legacy_block.hpp"
#include "rules/legacy_table.hpp"
#include "rules/read_rules.hpp"

#include <array>
#include <linux/netfilter.h>
#include <span>

namespace brpath {

namespace {

struct BaseOf {
    const char *table;
    std::size_t hook; // NF_INET_*
    Place place;
};

constexpr std::array forward = {BaseOf{"filter", NF_INET_FORWARD, Place::forward}};
constexpr std::array routing = {BaseOf{"raw", NF_INET_PRE_ROUTING, Place::before_routing},
                                BaseOf{"nat", NF_INET_PRE_ROUTING, Place::before_routing},
                                BaseOf{"nat", NF_INET_POST_ROUTING, Place::behind_routing}};

Result<void> read_base(const BaseOf &base, bool ipv6, ForwardRules &rules) {
    const auto block = read_legacy_block(base.table, ipv6);
    if (!block)
        return Failure(block.error());
    if (!*block)
        return {};
    const LegacyInfo &info = (*block)->info;
    auto table =
        parse_legacy_table((*block)->entries, ipv6,
                           {info.begin.at(base.hook), info.policy.at(base.hook), base.place}, base.table);
    if (!table)
        return fail(ErrorKind::unsupported, "read the rules of iptables",
                    "the kernel's answer is not understood");
    rules.tables.push_back(std::move(*table));
    return {};
}

} // namespace

Result<void> detail::read_legacy_rules(ForwardRules &rules, Wanted wanted) {
    const std::span<const BaseOf> bases =
        wanted == Wanted::forward ? std::span<const BaseOf>(forward) : std::span<const BaseOf>(routing);
    for (const bool ipv6 : {false, true})
        for (const BaseOf &base : bases)
            if (auto done = read_base(base, ipv6, rules); !done)
                return done;
    return {};
}

} // namespace brpath
