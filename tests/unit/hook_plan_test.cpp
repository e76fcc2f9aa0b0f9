// SPDX-License-Identifier: BSD-2-Clause
#include "probe/hook_plan.hpp"

#include <algorithm>
#include <array>
#include <brpath/abi.h>
#include <doctest/doctest.h>
#include <set>
#include <string>

namespace {

using namespace brpath;

// Answers from a list of what is impossible and records what was asked.
struct FakeKernel {
    std::set<std::string> refused; // "fentry br_handle_frame"
    std::vector<std::string> asked;

    Trial trial() {
        return [this](const Candidate &candidate) -> Result<void> {
            const auto what = std::string(backend_name(candidate.kind)) + " " + candidate.symbol;
            asked.push_back(what);
            if (refused.contains(what))
                return fail(ErrorKind::unsupported, "attach " + what, "refused");
            return {};
        };
    }
};

const PlannedHook &planned(const HookPlan &plan, const std::string &name) {
    return *std::find_if(plan.begin(), plan.end(), [&](const auto &hook) { return hook.hook->name == name; });
}

TEST_CASE("everything works: fentry for every hook, and nothing else is tried") {
    FakeKernel kernel;
    const auto plan = plan_hooks(hook_table(), std::nullopt, kernel.trial());
    REQUIRE(plan);
    CHECK_EQ(plan->size(), hook_table().size());
    for (const auto &hook : *plan) {
        REQUIRE(hook.candidate);
        CHECK_EQ(std::string(backend_name(hook.candidate->kind)), "fentry");
        CHECK(hook.explanation.empty());
    }
    for (const auto &asked : kernel.asked)
        CHECK(asked.starts_with("fentry "));
}

TEST_CASE("fentry refused: tracepoints where there are some, optional hooks go without, reasons are kept") {
    FakeKernel kernel{{"fentry br_handle_frame", "fentry nf_conntrack_in", "fentry __nf_conntrack_confirm",
                       "fentry netif_receive_skb", "fentry br_dev_queue_push_xmit"},
                      {}};
    const auto plan = plan_hooks(hook_table(), std::nullopt, kernel.trial());
    REQUIRE(plan);
    for (const char *name : {"enter", "up", "leave"})
        CHECK_EQ(planned(*plan, name).candidate->kind, AttachKind::tracepoint);
    for (const char *name : {"conntrack", "confirm"})
        CHECK_EQ(planned(*plan, name).candidate, nullptr);
    CHECK_EQ(planned(*plan, "enter").explanation.size(), 1);
    // one program serves two hooks: it is tried once
    CHECK_EQ(std::count(kernel.asked.begin(), kernel.asked.end(), "tracepoint netif_receive_skb"), 1);
}

TEST_CASE("hook by hook: one function missing moves only its own hook") {
    FakeKernel kernel{{"fentry br_dev_queue_push_xmit"}, {}};
    const auto plan = plan_hooks(hook_table(), std::nullopt, kernel.trial());
    REQUIRE(plan);
    CHECK_EQ(planned(*plan, "leave").candidate->kind, AttachKind::tracepoint);
    CHECK_EQ(planned(*plan, "enter").candidate->kind, AttachKind::fentry);
}

TEST_CASE("a required hook without a candidate ends it, with what was tried") {
    FakeKernel kernel{{"fentry br_handle_frame", "tracepoint netif_receive_skb"}, {}};
    const auto plan = plan_hooks(hook_table(), std::nullopt, kernel.trial());
    REQUIRE_FALSE(plan);
    CHECK_EQ(plan.error().kind, ErrorKind::unsupported);
    CHECK_NE(plan.error().why.find("fentry br_handle_frame"), std::string::npos);
    CHECK_NE(plan.error().why.find("tracepoint netif_receive_skb"), std::string::npos);
}

TEST_CASE("a forced backend is the only one that is tried") {
    FakeKernel kernel;
    const auto plan = plan_hooks(hook_table(), "tracepoint", kernel.trial());
    REQUIRE(plan);
    for (const auto &asked : kernel.asked)
        CHECK(asked.starts_with("tracepoint "));

    FakeKernel refusing{{"fentry br_handle_frame"}, {}};
    const auto forced = plan_hooks(hook_table(), "fentry", refusing.trial());
    REQUIRE_FALSE(forced);
    CHECK_NE(forced.error().hint.find("--backend"), std::string::npos);
}

TEST_CASE("every tracepoint program is told which stages it serves") {
    for (const auto &hook : hook_table())
        for (const auto &candidate : hook.candidates)
            CHECK_EQ(candidate.tracepoint_stage != 0, candidate.kind == AttachKind::tracepoint);
}

} // namespace
