// SPDX-License-Identifier: BSD-2-Clause
#include "model/findings.hpp"

#include "model/rules.hpp"

namespace brpath {

void find_all(Summary &summary) {
    for (const auto rule : {find_untranslated_replies, find_drops, find_bypassed_policy, find_conflicts,
                            find_changes, find_asymmetry, find_dependence, find_untracked})
        rule(summary);
}

} // namespace brpath
