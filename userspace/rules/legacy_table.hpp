// SPDX-License-Identifier: BSD-2-Clause
// The entries of a table of the older iptables: one block of bytes, with jumps by offset.
#pragma once

#include "rules/forward_rules.hpp"

#include <cstddef>
#include <span>

namespace brpath {

// A base chain: where it begins and where its policy is, as offsets.
struct LegacyHook {
    std::uint32_t begin = 0;
    std::uint32_t policy = 0;
    Place place = Place::forward;
};

// The table with that base chain and none of the others. nullopt if the entries make no sense.
std::optional<Table> parse_legacy_table(std::span<const std::byte> entries, bool ipv6, const LegacyHook &hook,
                                        const std::string &name = "filter");

} // namespace brpath
