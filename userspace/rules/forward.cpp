// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/symbols.hpp"
#include "rules/read_rules.hpp"

namespace brpath {

namespace {

// Asking a kernel without nf_tables would make it load the module.
bool has_nftables() {
    const std::vector<std::string> wanted = {"nf_tables_newtable", "nfnetlink_rcv"};
    return find_symbols(wanted).size() == wanted.size();
}

} // namespace

Result<ForwardRules> read_forward_rules() {
    ForwardRules rules;
    if (has_nftables())
        if (const auto done = detail::read_nft_rules(rules); !done)
            return Failure(done.error());
    if (const auto done = detail::read_legacy_rules(rules); !done)
        return Failure(done.error());
    return rules;
}

} // namespace brpath
