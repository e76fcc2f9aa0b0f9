// SPDX-License-Identifier: BSD-2-Clause
// The rules behind findings.hpp, by what they look at. Each adds what it finds to summary.findings, and its
// id to the pairs that are evidence for it. docs/findings/ has a page for each id.
#pragma once

#include "model/summary.hpp"

namespace brpath {

// reply_rule.cpp
void find_untranslated_replies(Summary &summary); // reply-not-translated

// hook_rules.cpp
void find_dependence(Summary &summary); // depends-on-bridge-netfilter
void find_drops(Summary &summary);      // dropped-by-bridge-netfilter
void find_untracked(Summary &summary);  // not-tracked-here

// tracking_rule.cpp
void find_asymmetry(Summary &summary); // asymmetric-tracking

// policy_rule.cpp
void find_bypassed_policy(Summary &summary); // policy-bypassed

// setting_rules.cpp
void find_conflicts(Summary &summary); // setting-conflict
void find_changes(Summary &summary);   // setting-changed

} // namespace brpath
