// SPDX-License-Identifier: BSD-2-Clause
// What brpath itself can do on this node.
#include "model/audit_rules.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace brpath {

const HookWay *chosen_way(const HookFacts &hook) {
    const auto found = std::find_if(hook.ways.begin(), hook.ways.end(),
                                    [](const HookWay &way) { return way.why_not.empty(); });
    return found == hook.ways.end() ? nullptr : &*found;
}

void check_capabilities(const NodeFacts &node, Checks &checks) {
    Check check{.name = "capabilities", .what = "all that brpath needs"};

    if (!node.missing_capabilities.empty()) {
        check.result = CheckResult::note;
        check.what = fmt::format("missing: {}", fmt::join(node.missing_capabilities, ", "));
        check.why = "brpath observe does not run without; doctor says `unknown` where it could not look";
        check.fix = {"sudo brpath doctor"};
    }
    checks.push_back(std::move(check));
}

void check_hooks(const NodeFacts &node, Checks &checks) {
    Check check{.name = "hooks"};
    std::map<std::string, int> backends;
    std::vector<std::string> required, optional, parts;

    if (!node.hooks_unseen.empty()) {
        checks.push_back({.name = "hooks", .result = CheckResult::unknown, .what = node.hooks_unseen});
        return;
    }
    for (const auto &hook : node.hooks)
        if (const auto *way = chosen_way(hook))
            backends[way->backend]++;
        else
            (hook.required ? required : optional).push_back(hook.hook);
    for (const auto &[backend, count] : backends)
        parts.push_back(fmt::format("{} by {}", count, backend));
    check.what = fmt::format("{}", fmt::join(parts, ", "));
    if (!optional.empty())
        check.what += fmt::format("; not possible: {}", fmt::join(optional, ", "));
    if (!required.empty()) {
        check.result = CheckResult::warn;
        check.why = fmt::format("brpath observe cannot work here: there is no way to see {}",
                                fmt::join(required, ", "));
        check.fix = {"# below is what was tried for each hook; docs/support.md says what each kernel allows"};
    } else if (!optional.empty()) {
        check.why = "what is not seen without them is `unknown` in brpath observe";
    }
    checks.push_back(std::move(check));
}

} // namespace brpath
