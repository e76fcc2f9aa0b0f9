// SPDX-License-Identifier: BSD-2-Clause
#include "rules/legacy_block.hpp"
#include "rules/legacy_table.hpp"
#include "rules/read_rules.hpp"

#include <linux/netfilter.h>

namespace brpath {

namespace {

Result<void> read_family(bool ipv6, ForwardRules &rules) {
    const auto block = read_legacy_block("filter", ipv6);
    if (!block)
        return Failure(block.error());
    if (!*block)
        return {};
    const LegacyInfo &info = (*block)->info;
    auto table = parse_legacy_table((*block)->entries, ipv6,
                                    {info.begin[NF_INET_FORWARD], info.policy[NF_INET_FORWARD]});
    if (!table)
        return fail(ErrorKind::unsupported, "read the rules of iptables",
                    "the kernel's answer is not understood");
    rules.tables.push_back(std::move(*table));
    return {};
}

} // namespace

Result<void> detail::read_legacy_rules(ForwardRules &rules) {
    for (const bool ipv6 : {false, true})
        if (auto done = read_family(ipv6, rules); !done)
            return done;
    return {};
}

} // namespace brpath
