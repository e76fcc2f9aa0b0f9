// SPDX-License-Identifier: BSD-2-Clause
// The rules of the IP FORWARD path, from the kernel.
#pragma once

#include "rules/forward_rules.hpp"
#include "util/result.hpp"

namespace brpath {

// Those of the calling thread's network namespace: nftables (and with it iptables-nft), then the older
// iptables. No module is loaded for it: what the kernel does not have already has no rules. Needs
// CAP_NET_ADMIN in the namespace. Fails, too, if there are more rules than it takes.
Result<ForwardRules> read_forward_rules();

namespace detail {

// Each adds its tables. The first may be called only if the kernel has nf_tables.
Result<void> read_nft_rules(ForwardRules &rules);
Result<void> read_legacy_rules(ForwardRules &rules);

} // namespace detail

} // namespace brpath
