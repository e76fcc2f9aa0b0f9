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

// Every function of the table, refused to this way of attaching.
std::set<std::string> refuse_all(const std::string &backend) {
    std::set<std::string> refused;

    for (const auto &hook : hook_table())
        for (const auto &candidate : hook.candidates)
            if (backend == backend_name(candidate.kind))
                refused.insert(backend + " " + candidate.symbol);
    return refused;
}

std::set<std::string> refuse_all(const std::string &a, const std::string &b) {
    auto refused = refuse_all(a);
    refused.merge(refuse_all(b));
    return refused;
}

bool has(const HookPlan &plan, const std::string &name) {
    return std::any_of(plan.begin(), plan.end(), [&](const auto &hook) { return hook.hook->name == name; });
}

TEST_CASE("everything works: fentry for every hook that has it, and nothing else is tried") {
    FakeKernel kernel;
    const auto plan = plan_hooks(hook_table(), std::nullopt, kernel.trial());
    REQUIRE(plan);
    for (const auto &hook : *plan) {
        REQUIRE(hook.candidate);
        CHECK_EQ(std::string(backend_name(hook.candidate->kind)),
                 hook.hook->name == std::string("drop") ? "tracepoint" : "fentry");
        CHECK(hook.explanation.empty());
    }
    for (const auto &asked : kernel.asked)
        CHECK((asked.starts_with("fentry ") || asked == "tracepoint kfree_skb"));
    // conntrack's return is seen: its last hook need not be
    CHECK_FALSE(has(*plan, "settled-ipv4"));
}

TEST_CASE("fentry refused: kprobes, and conntrack's last hook in place of its return") {
    FakeKernel kernel{refuse_all("fentry"), {}};
    const auto plan = plan_hooks(hook_table(), std::nullopt, kernel.trial());
    REQUIRE(plan);
    for (const char *name :
         {"enter", "conntrack", "settled-ipv4", "settled-ipv6", "confirm", "up", "leave", "queued"})
        CHECK_EQ(planned(*plan, name).candidate->kind, AttachKind::kprobe);
    CHECK_EQ(planned(*plan, "enter").explanation.size(), 1);
}

TEST_CASE("each family has its own last hook in conntrack, or both have one") {
    FakeKernel old;
    const auto plan = plan_hooks(hook_table(), "kprobe", old.trial());
    REQUIRE(plan);
    CHECK_EQ(std::string(planned(*plan, "settled-ipv4").candidate->symbol), "ipv4_confirm");
    CHECK_EQ(std::string(planned(*plan, "settled-ipv6").candidate->symbol), "ipv6_confirm");

    FakeKernel recent{{"kprobe ipv4_confirm", "kprobe ipv6_confirm"}, {}};
    const auto merged = plan_hooks(hook_table(), "kprobe", recent.trial());
    REQUIRE(merged);
    CHECK_EQ(std::string(planned(*merged, "settled-ipv4").candidate->symbol), "nf_confirm");
    // one program serves both families: it is tried once
    CHECK_EQ(std::count(recent.asked.begin(), recent.asked.end(), "kprobe nf_confirm"), 1);
}

TEST_CASE(
    "no fentry, no kprobes: tracepoints where there are some, optional hooks go without, reasons are kept") {
    FakeKernel kernel{refuse_all("fentry", "kprobe"), {}};
    const auto plan = plan_hooks(hook_table(), std::nullopt, kernel.trial());
    REQUIRE(plan);
    for (const char *name : {"enter", "up", "leave", "drop"})
        CHECK_EQ(planned(*plan, name).candidate->kind, AttachKind::tracepoint);
    for (const char *name : {"conntrack", "confirm", "queued", "unresolved"})
        CHECK_EQ(planned(*plan, name).candidate, nullptr);
    CHECK_EQ(planned(*plan, "enter").explanation.size(), 2);
    // one program serves two hooks: it is tried once
    CHECK_EQ(std::count(kernel.asked.begin(), kernel.asked.end(), "tracepoint netif_receive_skb"), 1);
}

TEST_CASE("hook by hook: one function missing moves only its own hook") {
    FakeKernel kernel{{"fentry br_dev_queue_push_xmit"}, {}};
    const auto plan = plan_hooks(hook_table(), std::nullopt, kernel.trial());
    REQUIRE(plan);
    CHECK_EQ(planned(*plan, "leave").candidate->kind, AttachKind::kprobe);
    CHECK_EQ(planned(*plan, "enter").candidate->kind, AttachKind::fentry);
}

TEST_CASE("a required hook without a candidate ends it, with what was tried") {
    FakeKernel kernel{{"fentry br_handle_frame", "kprobe br_handle_frame", "tracepoint netif_receive_skb"},
                      {}};
    const auto plan = plan_hooks(hook_table(), std::nullopt, kernel.trial());
    REQUIRE_FALSE(plan);
    CHECK_EQ(plan.error().kind, ErrorKind::unsupported);
    CHECK_NE(plan.error().why.find("fentry br_handle_frame"), std::string::npos);
    CHECK_NE(plan.error().why.find("kprobe br_handle_frame"), std::string::npos);
    CHECK_NE(plan.error().why.find("tracepoint netif_receive_skb"), std::string::npos);
}

TEST_CASE("a forced backend is the only one that is tried, but for what only a tracepoint tells") {
    for (const std::string backend : {"fentry", "kprobe", "tracepoint"}) {
        FakeKernel kernel;
        const auto plan = plan_hooks(hook_table(), backend, kernel.trial());
        REQUIRE(plan);
        for (const auto &asked : kernel.asked)
            CHECK((asked.starts_with(backend + " ") || asked == "tracepoint kfree_skb"));
    }
    FakeKernel refusing{{"fentry br_handle_frame"}, {}};
    const auto forced = plan_hooks(hook_table(), "fentry", refusing.trial());
    REQUIRE_FALSE(forced);
    CHECK_NE(forced.error().hint.find("--backend"), std::string::npos);
}

TEST_CASE("a tracepoint program that serves several stages is told which") {
    for (const auto &hook : hook_table())
        for (const auto &candidate : hook.candidates)
            CHECK_EQ(candidate.tracepoint_stage != 0,
                     candidate.kind == AttachKind::tracepoint && !candidate.in_every_backend);
}

} // namespace
