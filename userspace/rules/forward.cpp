// SPDX-License-Identifier: BSD-2-Clause
#include "rules/read_rules.hpp"

namespace brpath {

namespace {

Result<ForwardRules> read(const NftPresence &presence, detail::Wanted wanted) {
    ForwardRules rules;
    if (presence.is_there())
        if (const auto done = detail::read_nft_rules(rules, wanted); !done)
            return Failure(done.error());
    if (const auto done = detail::read_legacy_rules(rules, wanted); !done)
        return Failure(done.error());
    return rules;
}

} // namespace

Result<ForwardRules> read_forward_rules() { return read_forward_rules(NftPresence()); }

Result<ForwardRules> read_forward_rules(const NftPresence &presence) {
    return read(presence, detail::Wanted::forward);
}

Result<ForwardRules> read_routing_rules(const NftPresence &presence) {
    return read(presence, detail::Wanted::routing);
}

} // namespace brpath
