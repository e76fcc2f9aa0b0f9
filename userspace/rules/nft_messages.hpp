// SPDX-License-Identifier: BSD-2-Clause
// What nf_tables' messages say, read within their bounds. Anything that is not understood may match or not.
#pragma once

#include "rules/forward_rules.hpp"

#include <linux/netlink.h>
#include <optional>

namespace brpath {

struct NftTable {
    std::uint8_t family = 0; // NFPROTO_*
    std::string name{};
    bool is_dormant = false; // its chains hang on no hook
};

struct NftChain {
    std::uint8_t family = 0;
    std::string table{};
    std::string name{};
    std::optional<BaseChain>
        base{}; // of type filter on the hook "forward", or of any type before or behind routing
};

// A look-up that ends with one of the verdicts in a set.
struct NftVerdictMap {
    std::string set{};
    bool is_by_state = false; // its keys are conntrack states and nothing else
};

struct NftRule {
    std::uint8_t family = 0;
    std::string table{};
    std::string chain{};
    Rule rule{};
    std::optional<NftVerdictMap> verdict_map{}; // its verdicts belong to the rule's actions
};

// nullopt if the message is of another kind, or lacks a name.
std::optional<NftTable> parse_nft_table(const nlmsghdr &message);
std::optional<NftChain> parse_nft_chain(const nlmsghdr &message);
std::optional<NftRule> parse_nft_rule(const nlmsghdr &message);

// One of a map's elements that end with a verdict. A key of several parts has each padded to 4 bytes.
struct NftElement {
    Value key{};
    Action verdict{};
};

// Some of a map's elements.
std::vector<NftElement> parse_nft_elements(const nlmsghdr &message);

// The verdicts of some of a set's elements; without those for connections that are invalid.
std::vector<Action> parse_nft_verdicts(const nlmsghdr &message, const NftVerdictMap &map);

// The number that changes with each change of the rules.
std::optional<std::uint32_t> parse_nft_generation(const nlmsghdr &message);

} // namespace brpath
