// SPDX-License-Identifier: BSD-2-Clause
// What to type. brpath never runs it.
#pragma once

#include "model/summary.hpp"

#include <string>
#include <vector>

namespace brpath {

// Makes bypassed frames meet netfilter, by the reasons they were bypassed for.
std::vector<std::string> fix_for_bypass(const Counts &bypassed, bool ipv6, const Summary &summary);

// Keeps frames between two ports from being dropped in the IP hooks.
std::vector<std::string> fix_for_drops(bool ipv6, const Summary &summary);

} // namespace brpath
