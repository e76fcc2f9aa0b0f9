// SPDX-License-Identifier: BSD-2-Clause
// Which rules could translate the frames of a bridge, or leave them untracked. No input or output.
#pragma once

#include "rules/forward_rules.hpp"
#include "rules/frame.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace brpath {

enum class Mechanism { nftables, iptables_nft, iptables_legacy };

// Rules of one kind that a frame may come to.
struct Reached {
    Effect effect = Effect::none;
    Place place = Place::before_routing;
    Mechanism mechanism = Mechanism::nftables;
    Truth truth = Truth::no;         // that a frame comes to one of them, and that it matches
    Truth of_its_source = Truth::no; // the same for a frame from wherever the rules ask for
    std::size_t rules = 0;
    std::string first{}; // "table ip nat, chain X, rule 7", as the kernel has the names
};

// Those with an effect, from the chains that hang on hooks before and behind routing. A jump is followed;
// what is not understood of a rule makes it `maybe`, and so is what follows a rule that may end the way of
// the frame.
std::vector<Reached> survey(const ForwardRules &rules, const Question &question);

} // namespace brpath
