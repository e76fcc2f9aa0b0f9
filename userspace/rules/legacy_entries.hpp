// SPDX-License-Identifier: BSD-2-Clause
// The entries of a table of the older iptables one by one, read within their bounds.
#pragma once

#include "rules/forward_rules.hpp"

#include <cstddef>
#include <cstring>
#include <span>

namespace brpath {

// An entry with its parts found. `data` points into the bytes that it was read from.
struct LegacyEntry {
    std::size_t offset = 0;
    std::size_t next = 0;
    std::vector<Match> matches{};
    std::string comment{};
    std::string target{};
    std::span<const std::byte> data{}; // of the target
    bool goes_to = false;
};

// nullopt if the bytes make no sense.
std::optional<std::vector<LegacyEntry>> read_legacy_entries(std::span<const std::byte> bytes, bool ipv6);

// The chain that begins behind this entry, if the entry is the one with its name: each of the user's chains
// has one.
std::optional<std::string> chain_behind(const LegacyEntry &entry);

// False if it does not fit. Not std::optional: some of the structs end with an array of no size.
template <typename Struct>
bool read_struct_at(std::span<const std::byte> bytes, std::size_t offset, Struct &value) {
    if (offset > bytes.size() || bytes.size() - offset < sizeof(value))
        return false;
    std::memcpy(static_cast<void *>(&value), bytes.data() + offset, sizeof(value));
    return true;
}

} // namespace brpath
