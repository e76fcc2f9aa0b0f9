// SPDX-License-Identifier: BSD-2-Clause
// A rule of nftables is a small program over registers. This turns it into matches and a verdict.
#pragma once

#include "rules/nft_messages.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace brpath {

class NftAttributes;

class NftExpressions {
  public:
    // The matches and actions are added to the rule, which has to outlive this.
    explicit NftExpressions(NftRule &rule) : rule_(rule) {}

    // The next expression (the content of an NFTA_LIST_ELEM). What follows a verdict is passed over.
    void take(std::span<const std::byte> expression);

  private:
    // What a register holds: a Match without its values.
    using Register = std::optional<Match>;

    void load_meta(const NftAttributes &attributes);
    void load_payload(const NftAttributes &attributes);
    void load_conntrack(const NftAttributes &attributes);
    void bitwise(const NftAttributes &attributes);
    void compare(const NftAttributes &attributes);
    void range(const NftAttributes &attributes);
    void immediate(const NftAttributes &attributes);
    void look_up(const NftAttributes &attributes);
    void other(const std::string &name, const NftAttributes &attributes);

    void load(std::optional<std::uint32_t> number, Register value, std::size_t size);
    [[nodiscard]] Register loaded(std::optional<std::uint32_t> number) const;
    void add_match(std::optional<std::uint32_t> number, Value first, Value last, bool is_negated);
    void add_unknown_match() { rule_.rule.matches.emplace_back(); }
    void end(Action action);

    NftRule &rule_;
    std::array<Register, 16> registers_{}; // of 4 bytes; a longer value counts at its first one
    bool is_over_ = false;
};

} // namespace brpath
