// SPDX-License-Identifier: BSD-2-Clause
#include "doctor/node.hpp"

#include "probe/hook_table.hpp"
#include "probe/trial.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <tuple>

namespace brpath {

namespace {

std::string in_words(const Error &error) {
    return fmt::format("{}{}", error.why, error.hint.empty() ? "" : " (" + error.hint + ")");
}

// Each way is tried once, for several hooks may share it. The error is why not.
class TriedWays {
  public:
    std::string why_not(const Candidate &candidate) {
        const std::tuple key(candidate.kind, std::string(candidate.symbol), candidate.helper);
        auto found = known_.find(key);
        if (found == known_.end()) {
            const auto done = trials_(candidate);
            found = known_.emplace(key, done ? "" : in_words(done.error())).first;
        }
        return found->second;
    }

  private:
    Trials trials_;
    std::map<std::tuple<AttachKind, std::string, std::uint32_t>, std::string> known_;
};

bool is_needed(const Hook &hook, const std::vector<HookFacts> &earlier) {
    if (!hook.only_if.hook)
        return true;
    const auto other = std::find_if(earlier.begin(), earlier.end(),
                                    [&](const HookFacts &one) { return one.hook == hook.only_if.hook; });
    const auto *way = other == earlier.end() ? nullptr : chosen_way(*other);
    return way && way->backend == backend_name(hook.only_if.kind);
}

std::vector<HookFacts> try_hooks() {
    TriedWays ways;
    std::vector<HookFacts> facts;

    for (const auto &hook : hook_table()) {
        HookFacts one{.hook = hook.name, .purpose = hook.purpose, .required = hook.required};
        if (!is_needed(hook, facts))
            continue;
        for (const auto &candidate : hook.candidates)
            one.ways.push_back({backend_name(candidate.kind), candidate.symbol, ways.why_not(candidate)});
        facts.push_back(std::move(one));
    }
    return facts;
}

} // namespace

NodeFacts read_node_facts(Entering entering) {
    NodeFacts node;
    const auto missing = missing_capabilities(entering);

    if (missing)
        node.missing_capabilities = *missing;
    else
        node.missing_capabilities = {missing.error().why};
    const auto own = missing_capabilities(Entering::own_namespace);
    const auto initial = require_initial_user_namespace();
    if (!own || !own->empty())
        node.hooks_unseen = "trying them needs CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN";
    else if (!initial)
        node.hooks_unseen = initial.error().why;
    else
        node.hooks = try_hooks();
    return node;
}

} // namespace brpath
