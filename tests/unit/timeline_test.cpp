// SPDX-License-Identifier: BSD-2-Clause
#include "incident_flows.hpp"
#include "model/timeline.hpp"

#include <doctest/doctest.h>
#include <functional>

namespace {

using namespace brpath;
using namespace brpath::test;

constexpr std::int64_t second_ns = 1'000'000'000;
const std::string key = "net.bridge.bridge-nf-call-iptables";

Flow whole_reply(std::uint64_t frames) {
    return Flow(IPPROTO_TCP, from_backend, frames).leaves_as(from_service).is(BRPATH_BRIDGED, BRPATH_TRACKED);
}

Flow direct(std::uint64_t frames, brpath_handling handling, std::uint16_t host = 13) {
    return Flow(IPPROTO_UDP, {"10.244.1.11", 40000, "10.244.1." + std::to_string(host), 5353}, frames)
        .is(BRPATH_BRIDGED, handling);
}

ByHandling by(std::initializer_list<std::pair<brpath_handling, std::int64_t>> parts) {
    ByHandling frames{};

    for (const auto &[handling, count] : parts)
        frames.at(handling) = count;
    return frames;
}

SettingChange change(const std::string &from, const std::string &to) { return {"", key, from, to}; }

Change written(int to, std::int64_t time_ns, std::uint32_t pid) {
    Change made;

    made.realtime_ns = time_ns;
    made.key = key;
    made.to = to;
    made.who = Who{};
    made.who->pid = pid;
    return made;
}

std::uint32_t writer_of(const Timeline &timeline, const PairTable &pairs, std::size_t i) {
    const auto changes = timeline.changes(pairs);
    return changes.at(i).who ? changes.at(i).who->pid : 0;
}

} // namespace

TEST_CASE("a direction has moved if it is handled otherwise") {
    struct Row {
        const char *what;
        AroundChange direction;
        bool moved;
    };
    const auto t = BRPATH_TRACKED, b = BRPATH_BYPASSED;
    const Row rows[] = {
        {"nothing at all", {}, false},
        {"nothing before", {{}, by({{b, 3}})}, false},
        {"nothing since", {by({{t, 3}}), {}}, false},
        {"the same", {by({{t, 12}}), by({{t, 3}})}, false},
        {"the same mixture", {by({{t, 10}, {b, 2}}), by({{t, 50}, {b, 10}})}, false},
        {"another one", {by({{t, 12}}), by({{b, 3}})}, true},
        {"another one besides", {by({{t, 12}}), by({{t, 100}, {b, 1}})}, true},
        {"one less", {by({{t, 12}, {b, 1}}), by({{t, 3}})}, true},
        {"a bit more of one", {by({{t, 10}, {b, 2}}), by({{t, 9}, {b, 3}})}, false},
        {"mostly the other one", {by({{t, 10}, {b, 2}}), by({{t, 2}, {b, 10}})}, true},
    };
    for (const auto &row : rows) {
        CAPTURE(row.what);
        CHECK_EQ(has_moved(row.direction), row.moved);
    }
}

TEST_CASE("each pair's frames before a change and since, in both directions") {
    PairTable pairs;
    Timeline timeline;
    add(pairs, request(5));
    add(pairs, whole_reply(7));
    add(pairs, direct(11, BRPATH_TRACKED));
    add(pairs, direct(13, BRPATH_BYPASSED, 14));
    CHECK_EQ(pairs.moved().count, 0);

    timeline.add({change("1", "0")}, 0, pairs);
    CHECK_EQ(timeline.changes(pairs).at(0).moved.count, 0);
    add(pairs, broken_reply(3));
    add(pairs, request(2));
    add(pairs, direct(17, BRPATH_BYPASSED));
    add(pairs, direct(19, BRPATH_BYPASSED, 14));
    add(pairs, direct(23, BRPATH_BYPASSED, 15));
    const auto moved = timeline.changes(pairs).at(0).moved;
    CHECK_EQ(moved.count, 2);
    REQUIRE_EQ(moved.telling.size(), 2);
    CHECK_EQ(moved.telling[0].service->ip, "10.96.0.10");
    CHECK(moved.telling[0].to_client.before == by({{BRPATH_TRACKED, 7}}));
    CHECK(moved.telling[0].to_client.since == by({{BRPATH_BYPASSED, 3}}));
    CHECK(moved.telling[0].to_server.before == by({{BRPATH_TRACKED, 5}}));
    CHECK(moved.telling[0].to_server.since == by({{BRPATH_TRACKED, 2}}));
    CHECK_EQ(moved.telling[1].server.ip, "10.244.1.13");
    CHECK(moved.telling[1].to_server.before == by({{BRPATH_TRACKED, 11}}));
    CHECK(moved.telling[1].to_server.since == by({{BRPATH_BYPASSED, 17}}));
}

TEST_CASE("the frames of one change end with the next") {
    PairTable pairs;
    Timeline timeline;
    add(pairs, direct(2, BRPATH_TRACKED));
    add(pairs, direct(41, BRPATH_TRACKED, 14));
    timeline.add({change("1", "0")}, 0, pairs);
    add(pairs, direct(3, BRPATH_BYPASSED));
    timeline.add({change("0", "1")}, 0, pairs);
    add(pairs, direct(5, BRPATH_TRACKED));
    // without frames between this change and the one before it: before it is nothing of that pair
    add(pairs, direct(43, BRPATH_BYPASSED, 14));
    timeline.add({change("1", "0")}, 0, pairs);
    add(pairs, direct(47, BRPATH_TRACKED, 14));

    const auto changes = timeline.changes(pairs);
    REQUIRE_EQ(changes.size(), 3);
    const ByHandling expected[3][2] = {{by({{BRPATH_TRACKED, 2}}), by({{BRPATH_BYPASSED, 3}})},
                                       {by({{BRPATH_BYPASSED, 3}}), by({{BRPATH_TRACKED, 5}})},
                                       {by({{BRPATH_BYPASSED, 43}}), by({{BRPATH_TRACKED, 47}})}};
    for (std::size_t i = 0; i < 3; i++) {
        CAPTURE(i);
        CHECK_EQ(changes[i].moved.count, 1);
        REQUIRE_EQ(changes[i].moved.telling.size(), 1);
        CHECK(changes[i].moved.telling[0].to_server.before == expected[i][0]);
        CHECK(changes[i].moved.telling[0].to_server.since == expected[i][1]);
    }
}

TEST_CASE("changes with no frame in between are one moment") {
    PairTable pairs;
    Timeline timeline;
    add(pairs, direct(2, BRPATH_TRACKED));
    timeline.add({change("1", "0")}, 0, pairs);
    timeline.add({{"", "br_netfilter", "present", "absent"}}, 0, pairs);
    add(pairs, direct(3, BRPATH_BYPASSED));
    for (const auto &each : timeline.changes(pairs)) {
        CHECK_EQ(each.moved.count, 1);
        CHECK(each.moved.telling.at(0).to_server.before == by({{BRPATH_TRACKED, 2}}));
    }
}

TEST_CASE("a CPU's last frame counts on the side where it was when the change was seen") {
    PairTable pairs;
    Timeline timeline;
    const auto last = direct(1, BRPATH_TRACKED);
    add(pairs, direct(2, BRPATH_TRACKED));
    pairs.add_last(last.key, last.flow);
    timeline.add({change("1", "0")}, 0, pairs);
    pairs.add_last(last.key, last.flow, -1);
    add(pairs, last); // later, for good
    add(pairs, direct(3, BRPATH_BYPASSED));
    const auto moved = timeline.changes(pairs).at(0).moved.telling.at(0);
    CHECK(moved.to_server.before == by({{BRPATH_TRACKED, 3}}));
    CHECK(moved.to_server.since == by({{BRPATH_BYPASSED, 3}}));
}

TEST_CASE("of many pairs the most telling ones, and how many there are") {
    PairTable pairs;
    Timeline timeline;
    add(pairs, request(1));
    add(pairs, whole_reply(1));
    for (std::uint16_t host = 100; host < 131; host++)
        add(pairs, direct(1, BRPATH_TRACKED, host));
    timeline.add({change("1", "0")}, 0, pairs);
    for (std::uint16_t host = 100; host < 131; host++)
        add(pairs, direct(host, BRPATH_BYPASSED, host));
    add(pairs, broken_reply(1));
    const auto moved = timeline.changes(pairs).at(0).moved;
    CHECK_EQ(moved.count, 32);
    REQUIRE_EQ(moved.telling.size(), moved_pairs_max);
    CHECK(moved.telling[0].service);
    for (std::size_t i = 1; i < moved_pairs_max; i++)
        CHECK_EQ(moved.telling[i].server.ip, "10.244.1." + std::to_string(131 - i));
}

TEST_CASE("a pair that was forgotten and comes again has nothing before the change") {
    PairTable pairs(4);
    Timeline timeline;
    add(pairs, direct(2, BRPATH_TRACKED));
    timeline.add({change("1", "0")}, 0, pairs);
    for (std::uint16_t host = 100; host < 110; host++)
        add(pairs, direct(1000, BRPATH_BYPASSED, host));
    add(pairs, direct(3, BRPATH_BYPASSED));
    CHECK_EQ(timeline.changes(pairs).at(0).moved.count, 0);
}

TEST_CASE("the first changes are kept, the others counted") {
    PairTable pairs;
    Timeline timeline;
    const int flips = static_cast<int>(Timeline::changes_max) + 7;
    for (int i = 0; i < flips; i++) {
        add(pairs, direct(static_cast<std::uint64_t>(i) + 1, i % 2 == 0 ? BRPATH_TRACKED : BRPATH_BYPASSED));
        timeline.add({change(i % 2 == 0 ? "1" : "0", i % 2 == 0 ? "0" : "1")}, 0, pairs);
    }
    add(pairs, direct(100000, BRPATH_TRACKED));
    const auto changes = timeline.changes(pairs);
    CHECK(timeline.is_full());
    REQUIRE_EQ(changes.size(), Timeline::changes_max);
    CHECK_EQ(timeline.unlisted(), 7);
    // the last that is kept, the 100th: its frames end with the 101st
    CHECK(changes.back().moved.telling.at(0).to_server.before == by({{BRPATH_BYPASSED, 100}}));
    CHECK(changes.back().moved.telling.at(0).to_server.since == by({{BRPATH_TRACKED, 101}}));
}

TEST_CASE("who made a change is known before it is seen, or after") {
    PairTable pairs;
    Timeline timeline;
    timeline.learn_writer(written(0, second_ns, 7));
    timeline.add({change("1", "0")}, second_ns + 1000, pairs);
    CHECK_EQ(writer_of(timeline, pairs, 0), 7);
    timeline.add({change("0", "1")}, 2 * second_ns, pairs);
    CHECK_EQ(writer_of(timeline, pairs, 1), 0);
    timeline.learn_writer(written(1, 2 * second_ns - 1000, 8));
    CHECK_EQ(writer_of(timeline, pairs, 1), 8);
}

TEST_CASE("nobody is named rather than somebody else") {
    struct Row {
        const char *what;
        Change made;
    };
    const auto with = [](Change made, const std::function<void(Change &)> &make) {
        make(made);
        return made;
    };
    const auto good = written(0, 10 * second_ns, 7);
    for (const auto &row : {
             Row{"long before", written(0, 7 * second_ns, 7)},
             Row{"to another value", written(1, 10 * second_ns, 7)},
             Row{"of another sysctl", with(good, [](Change &made) { made.key = "net.bridge.other"; })},
             Row{"of a bridge", with(good, [](Change &made) { made.bridge = "cni0"; })},
             Row{"refused", with(good, [](Change &made) { made.outcome = ChangeOutcome::refused; })},
             Row{"the same value", with(good, [](Change &made) { made.outcome = ChangeOutcome::same; })},
             Row{"by somebody unknown", with(good, [](Change &made) { made.who.reset(); })},
         }) {
        CAPTURE(row.what);
        PairTable pairs;
        Timeline timeline;
        timeline.learn_writer(row.made);
        timeline.add({change("1", "0")}, 10 * second_ns + 1, pairs);
        CHECK_EQ(writer_of(timeline, pairs, 0), 0);
    }
    PairTable pairs;
    Timeline timeline;
    timeline.add({change("1", "0")}, 10 * second_ns, pairs);
    timeline.learn_writer(written(0, 10 * second_ns + 1, 7)); // written when it had been seen already
    CHECK_EQ(writer_of(timeline, pairs, 0), 0);
}

TEST_CASE("a bridge's attribute and the module are tied to who changed them") {
    PairTable pairs;
    Timeline timeline;
    auto attribute = written(1, second_ns, 7);
    attribute.kind = ChangeKind::bridge_attribute;
    attribute.bridge = "cni0";
    attribute.key = "nf_call_iptables";
    auto module = written(0, second_ns, 8);
    module.kind = ChangeKind::module_unloaded;
    module.key = "br_netfilter";
    module.to.reset();
    timeline.add({{"", "cni0 nf_call_iptables", "0", "1"}, {"", "br_netfilter", "present", "absent"}},
                 second_ns - 1000, pairs);
    timeline.learn_writer(attribute);
    timeline.learn_writer(module);
    CHECK_EQ(writer_of(timeline, pairs, 0), 7);
    CHECK_EQ(writer_of(timeline, pairs, 1), 8);
}

TEST_CASE("writers whom no change was seen of are forgotten") {
    PairTable pairs;
    Timeline timeline;
    for (int i = 0; i < 10000; i++) {
        auto made = written(1, second_ns, 7);
        made.bridge = "br" + std::to_string(i);
        timeline.learn_writer(made);
    }
    timeline.learn_writer(written(0, second_ns, 8));
    timeline.add({change("1", "0")}, second_ns, pairs);
    CHECK_EQ(writer_of(timeline, pairs, 0), 8);
}

TEST_CASE("a write that is not seen yet is awaited for a while") {
    PairTable pairs;
    Timeline timeline;
    CHECK_FALSE(timeline.awaits_change(second_ns));
    timeline.learn_writer(written(0, second_ns, 7));
    CHECK(timeline.awaits_change(second_ns + 1'000'000));
    CHECK_FALSE(timeline.awaits_change(2 * second_ns));
    timeline.add({change("1", "0")}, second_ns + 2'000'000, pairs);
    CHECK_FALSE(timeline.awaits_change(second_ns + 3'000'000));
}
