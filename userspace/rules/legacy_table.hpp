// SPDX-License-Identifier: BSD-2-Clause
// The entries of a table of the older iptables: one block of bytes, with jumps by offset.
#pragma once

#include "rules/forward_rules.hpp"

#include <cstddef>
#include <span>

namespace brpath {

// Where the base chain "FORWARD" begins and where its policy is, as offsets.
struct LegacyHook {
    std::uint32_t begin = 0;
    std::uint32_t policy = 0;
};

// nullopt if the entries make no sense.
std::optional<Table> parse_legacy_table(std::span<const std::byte> entries, bool ipv6,
                                        const LegacyHook &hook);

} // namespace brpath
