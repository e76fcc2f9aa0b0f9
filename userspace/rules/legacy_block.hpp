// SPDX-License-Identifier: BSD-2-Clause
// A table of the older iptables as the kernel gives it: one block of bytes.
#pragma once

#include "util/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace brpath {

// What tells one state of a table from most others, without its rules. Offsets into its bytes, by NF_INET_*.
struct LegacyInfo {
    std::uint32_t size = 0; // in bytes
    std::uint32_t entries = 0;
    std::array<std::uint32_t, 5> begin{};  // of the hook's chain
    std::array<std::uint32_t, 5> policy{}; // of the hook's policy

    bool operator==(const LegacyInfo &) const = default;
};

struct LegacyBlock {
    LegacyInfo info{};
    std::vector<std::byte> entries{}; // for read_legacy_entries()
};

// Of the calling thread's network namespace. nullopt if the kernel does not have the table already: asking
// for one that is not there would make it. Needs CAP_NET_ADMIN in the namespace.
Result<std::optional<LegacyInfo>> read_legacy_info(const std::string &table, bool ipv6);
Result<std::optional<LegacyBlock>> read_legacy_block(const std::string &table, bool ipv6);

} // namespace brpath
