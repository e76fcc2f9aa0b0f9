// SPDX-License-Identifier: BSD-2-Clause
// Which program serves which hook on this kernel.
#pragma once

#include "probe/hook_table.hpp"
#include "util/result.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace brpath {

struct PlannedHook {
    const Hook *hook = nullptr;
    const Candidate *candidate = nullptr; // nullptr: optional, and none is possible
    std::vector<std::string> explanation; // what was tried in vain, and why not
};

using HookPlan = std::vector<PlannedHook>;

// Answers whether a candidate can be attached; Trials but for tests.
using Trial = std::function<Result<void>(const Candidate &)>;

// Picks for each hook the first candidate that can be attached, of the forced backend only if one is given
// ("fentry", "kprobe", "tracepoint"). Error (unsupported) if a required hook has none.
Result<HookPlan> plan_hooks(std::span<const Hook> table, const std::optional<std::string> &forced_backend,
                            const Trial &trial);

} // namespace brpath
