// SPDX-License-Identifier: BSD-2-Clause
// What to type. brpath never runs it.
#pragma once

#include "model/summary.hpp"

#include <string>
#include <vector>

namespace brpath {

// A name as one word of a command, whatever is in it: these lines are made to be pasted.
std::string quote_for_shell(const std::string &word);

// The command, to be run in the namespace that was observed.
std::string in_namespace(const std::string &netns, const std::string &command);

// Makes bypassed frames meet netfilter, by the reasons they were bypassed for.
std::vector<std::string> fix_for_bypass(const Counts &bypassed, bool ipv6, const Summary &summary);

// The same for both families.
std::vector<std::string> fix_for_bypass(const Counts &ipv4, const Counts &ipv6, const Summary &summary);

// Adds up why frames were bypassed.
void add_reasons(Counts &sum, const Counts &counts);

// Keeps frames between two ports from being dropped in the IP hooks.
std::vector<std::string> fix_for_drops(bool ipv6, const Summary &summary);

} // namespace brpath
