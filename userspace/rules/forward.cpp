// SPDX-License-Identifier: BSD-2-Clause
#include "rules/nft_ask.hpp"
#include "rules/read_rules.hpp"

namespace brpath {

Result<ForwardRules> read_forward_rules() {
    ForwardRules rules;
    if (NftPresence().is_there())
        if (const auto done = detail::read_nft_rules(rules); !done)
            return Failure(done.error());
    if (const auto done = detail::read_legacy_rules(rules); !done)
        return Failure(done.error());
    return rules;
}

} // namespace brpath
