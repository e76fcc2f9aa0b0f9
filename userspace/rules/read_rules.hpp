// SPDX-License-Identifier: BSD-2-Clause
// Rules from the kernel.
#pragma once

#include "rules/forward_rules.hpp"
#include "rules/nft_ask.hpp"
#include "util/result.hpp"

namespace brpath {

// Those of the calling thread's network namespace: nftables (and with it iptables-nft), then the older
// iptables. No module is loaded for it: what the kernel does not have already has no rules. Needs
// CAP_NET_ADMIN in the namespace. Fails, too, if there are more rules than it takes.
Result<ForwardRules> read_forward_rules();

// Those before and behind routing, in the same way: who translates, and who leaves frames untracked.
// `presence` tells whether there is an nf_tables to ask.
Result<ForwardRules> read_routing_rules(const NftPresence &presence);
Result<ForwardRules> read_forward_rules(const NftPresence &presence);

namespace detail {

enum class Wanted { forward, routing };

// Each adds its tables. The first may be called only if the kernel has nf_tables.
Result<void> read_nft_rules(ForwardRules &rules, Wanted wanted);
Result<void> read_legacy_rules(ForwardRules &rules, Wanted wanted);

} // namespace detail

} // namespace brpath
