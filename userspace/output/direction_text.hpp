// SPDX-License-Identifier: BSD-2-Clause
// One direction of a pair in words: "6 tracked (routed)", "3 BYPASSED".
#pragma once

#include "model/summary.hpp"

#include <string>
#include <vector>

namespace brpath {

struct DirectionStyle {
    bool paths = true;  // say where the frames went, as far as the handling leaves it open
    bool alarm = false; // what was bypassed is what a finding is about
};

// One part for each handling, never empty.
std::vector<std::string> describe_direction(const Counts &counts, const DirectionStyle &style);

// For frames that are not IP: those that no hook could have met are told by their path.
std::vector<std::string> describe_not_ip(const Counts &counts);

} // namespace brpath
