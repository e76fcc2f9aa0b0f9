// SPDX-License-Identifier: BSD-2-Clause
#include "probe/hook_plan.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <string_view>
#include <tuple>

namespace brpath {

namespace {

// One program may be a candidate of several hooks: each is tried once.
class TrialCache {
  public:
    explicit TrialCache(const Trial &trial) : trial_(trial) {}

    const Result<void> &operator()(const Candidate &candidate) {
        const std::tuple key(candidate.kind, std::string(candidate.symbol), candidate.helper);
        const auto known = results_.find(key);

        if (known != results_.end())
            return known->second;
        return results_.emplace(key, trial_(candidate)).first->second;
    }

  private:
    const Trial &trial_;
    std::map<std::tuple<AttachKind, std::string, std::uint32_t>, Result<void>> results_;
};

std::string join(const std::vector<std::string> &lines) {
    std::string joined;

    for (const auto &line : lines)
        joined += (joined.empty() ? "" : "; ") + line;
    return joined;
}

bool is_needed(const Hook &hook, const HookPlan &plan) {
    return !hook.only_if.hook || std::any_of(plan.begin(), plan.end(), [&](const PlannedHook &other) {
        return other.hook->name == std::string_view(hook.only_if.hook) && other.candidate &&
               other.candidate->kind == hook.only_if.kind;
    });
}

PlannedHook plan_hook(const Hook &hook, const std::optional<std::string> &forced_backend, TrialCache &trial) {
    PlannedHook planned{&hook, nullptr, {}};

    for (const auto &candidate : hook.candidates) {
        if (forced_backend && *forced_backend != backend_name(candidate.kind) && !candidate.in_every_backend)
            continue;
        const auto &result = trial(candidate);
        if (result) {
            planned.candidate = &candidate;
            break;
        }
        const auto &error = result.error();
        planned.explanation.push_back(fmt::format("{}: {}{}", error.tried, error.why,
                                                  error.hint.empty() ? "" : " (" + error.hint + ")"));
    }
    return planned;
}

} // namespace

Result<HookPlan> plan_hooks(std::span<const Hook> table, const std::optional<std::string> &forced_backend,
                            const Trial &trial) {
    TrialCache cache(trial);
    HookPlan plan;

    for (const auto &hook : table) {
        if (!is_needed(hook, plan))
            continue;
        plan.push_back(plan_hook(hook, forced_backend, cache));
        const auto &planned = plan.back();
        if (hook.required && !planned.candidate)
            return fail(ErrorKind::unsupported, fmt::format("find a way to see {}", hook.purpose),
                        planned.explanation.empty() ? "no candidate in this backend"
                                                    : join(planned.explanation),
                        forced_backend ? "leave --backend out to let brpath choose"
                                       : "docs/support.md lists what each kernel allows");
    }
    return plan;
}

} // namespace brpath
