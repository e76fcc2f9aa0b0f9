// SPDX-License-Identifier: BSD-2-Clause
#include "table_tools.hpp"

#include <doctest/doctest.h>

using namespace brpath;
using namespace brpath::test;

namespace {

std::string timeline(const Summary &summary) { return render_timeline(summary, {false, 400}); }

} // namespace

TEST_CASE("no change, no timeline") {
    CHECK_EQ(timeline(scenes::setting_0()), "");
    CHECK_FALSE(contains(table(scenes::setting_0()), "TIMELINE"));
}

TEST_CASE("a change, who made it, and what became of whom") {
    auto summary = scenes::setting_changed();
    const auto lines = lines_of(timeline(summary));
    REQUIRE_EQ(lines.size(), 7);
    CHECK_EQ(lines[0], "TIMELINE   09:30:07  net.bridge.bridge-nf-call-iptables 1 -> 0");
    CHECK_EQ(lines[1],
             "             by sysctl -qw net.bridge.bridge-nf-call-iptables 0 (pid 4711, user root, "
             "login alice, started by speed-up.sh 4710 < bash 4700 < sshd 4690, unit "
             "session-3.scope)");
    CHECK_EQ(lines[2],
             "             frontend > cart via shop/cart 10.96.0.10:80 (tcp): to server tracked 12 -> "
             "tracked 6, bypassed 3; to client tracked 12 -> BYPASSED 3");
    CHECK_EQ(lines[5],
             "             and 2 more pairs handled otherwise: --format json lists the most telling");
    CHECK_EQ(lines[6],
             "           09:30:08  first reply of cart to frontend that is not translated (shop/cart "
             "10.96.0.10:80)");

    auto direct = scenes::broken_by_change();
    direct.service.reset();
    direct.client.name.clear();
    direct.to_server = {};
    summary.changes[0].moved = {1, {direct}};
    summary.changes[0].who.reset();
    CHECK_EQ(lines_of(timeline(summary))[1],
             "             10.224.1.34 > cart (tcp): to client tracked 12 -> bypassed 3");
    check_laws(summary);
}

TEST_CASE("what a change made of a pair stands once, below the last change of the moment") {
    auto summary = scenes::setting_changed();
    summary.changes.push_back(summary.changes[0]);
    summary.changes[1].what = "net.bridge.bridge-nf-call-ip6tables";
    const auto lines = lines_of(timeline(summary));
    CHECK_EQ(std::count_if(lines.begin(), lines.end(),
                           [](const auto &line) { return contains(line, "frontend > cart"); }),
             3);
    CHECK(contains(lines[2], "bridge-nf-call-ip6tables"));
}

TEST_CASE("times of another day say which") {
    auto summary = scenes::setting_changed();
    summary.changes[0].time = "2026-03-02T00:00:01Z";
    CHECK(contains(timeline(summary), "2026-03-02T00:00:01Z  net.bridge"));
}

TEST_CASE("the timeline is short, and says what it leaves out") {
    auto summary = scenes::setting_changed();
    for (int i = 1; i < 20; i++) {
        auto change = summary.changes[0];
        change.frames_before[BRPATH_TRACKED] += i;
        change.what = "change " + std::to_string(i);
        change.time = "2026-03-01T09:31:" + std::to_string(10 + i) + "Z";
        summary.changes.push_back(change);
    }
    summary.losses.unlisted_changes = 4;
    const auto text = timeline(summary);
    const auto lines = lines_of(text);
    CHECK_EQ(lines[0], "TIMELINE   13 events before: --format json lists them");
    CHECK(contains(lines[1], "change 12"));
    CHECK(contains(text, "change 19"));
    CHECK_EQ(lines.back(), "           and 4 more changes of the setting since, which are not kept");
}

TEST_CASE("hostile names do no harm in the timeline") {
    const std::string hostile = "a\x1b]0;owned\x07\n\u202e";
    auto summary = scenes::setting_changed();
    auto &moved = summary.changes[0].moved.telling[0];

    summary.changes[0].what = summary.changes[0].who->command = hostile;
    moved.client.name = moved.service->name = moved.protocol = hostile;
    check_laws(summary);
    for (const auto *bad : {"\x1b", "\x07", "\u202e"})
        CHECK_FALSE(contains(timeline(summary), bad));
}
