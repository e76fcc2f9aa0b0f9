// SPDX-License-Identifier: BSD-2-Clause
// A question in the form that matches look at, and whether a match holds.
#pragma once

#include "rules/forward_rules.hpp"

namespace brpath {

enum class Truth { no, maybe, yes };

// What is known of the frame, byte by byte.
class Frame {
  public:
    explicit Frame(const Question &question);

    [[nodiscard]] Truth holds(const Match &match) const;

    // All of the rule's matches.
    [[nodiscard]] Truth holds(const Rule &rule) const;

  private:
    using Known = std::vector<std::optional<std::uint8_t>>;

    [[nodiscard]] const Known &bytes_of(Source source) const;
    [[nodiscard]] std::optional<Value> find(const Match &match) const;

    std::vector<std::uint32_t> states_; // of conntrack, that it may be in
    Known nothing_, name_, index_, family_, ethertype_, protocol_, network_, transport_;
};

} // namespace brpath
