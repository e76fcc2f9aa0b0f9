// SPDX-License-Identifier: BSD-2-Clause
#include "incident_flows.hpp"

#include <algorithm>
#include <doctest/doctest.h>

namespace {

using namespace brpath;
using namespace brpath::test;

Flow stranger(int number) {
    return {IPPROTO_TCP,
            {"172.16." + std::to_string(number / 256) + '.' + std::to_string(number % 256), 40000,
             "10.244.1.12", 8080},
            1};
}

std::int64_t frames_of(const std::vector<Pair> &pairs) {
    std::int64_t frames = 0;
    for (const auto &pair : pairs)
        frames += pair.to_server.frames + pair.to_client.frames;
    return frames;
}

TEST_CASE("pairs have a bound, and what is forgotten is counted") {
    PairTable table(16);
    for (int number = 0; number < 1009; number++) {
        add(table, stranger(number));
        const auto pairs = table.pairs();
        CHECK_LE(pairs.size(), 16);
        CHECK_EQ(frames_of(pairs) + table.forgotten().frames, number + 1);
        CHECK_EQ(static_cast<std::int64_t>(pairs.size()) + table.forgotten().pairs, number + 1);
    }
    CHECK_EQ(table.by_path()[BRPATH_BRIDGED], 1009);
}

TEST_CASE("as many pairs as there may be stay, however often they come") {
    PairTable table(16);
    for (int round = 0; round < 7; round++)
        for (int number = 0; number < 16; number++)
            add(table, stranger(number));
    CHECK_EQ(table.pairs().size(), 16);
    CHECK_EQ(table.forgotten().pairs, 0);
}

TEST_CASE("a flood of strangers does not drive out a finding, a Service, or who talks much") {
    PairTable table(16);
    add(table, request(1));
    add(table, broken_reply(1));
    add(table, Flow(IPPROTO_UDP, {"10.0.0.1", 4000, "10.96.0.53", 53}, 1)
                   .leaves_as({"10.0.0.1", 4000, "10.0.0.3", 5353})
                   .is(BRPATH_ROUTED, BRPATH_TRACKED));
    add(table, Flow(IPPROTO_UDP, {"10.0.0.1", 4000, "10.0.0.2", 53}, 7));
    for (int number = 0; number < 1009; number++)
        add(table, stranger(number));

    const auto pairs = table.pairs();
    REQUIRE_GE(pairs.size(), 12);
    CHECK_EQ(pairs[0].untranslated_replies, 1);
    CHECK_EQ(pairs[1].to_server.frames, 7);
    CHECK_EQ(
        std::count_if(pairs.begin(), pairs.end(), [](const auto &pair) { return pair.service.has_value(); }),
        2);
    // of equals, those that came last
    CHECK(std::any_of(pairs.begin(), pairs.end(),
                      [](const auto &pair) { return pair.client.ip == "172.16.3.240"; }));
}

TEST_CASE("frames that are not IP are no way around the bound") {
    PairTable table(16);
    Flow flow(0, {"0.0.0.0", 0, "0.0.0.0", 0}, 1);
    for (std::uint16_t type = 0x8900; type < 0x8a00; type++) {
        flow.key.ethertype = type;
        flow.is(BRPATH_FLOODED, BRPATH_NONE);
        add(table, flow);
        CHECK_LE(table.pairs().size(), 16);
    }
    CHECK_EQ(frames_of(table.pairs()) + table.forgotten().frames, 256);
}

TEST_CASE("for the length of one summary nothing is forgotten") {
    PairTable table(16);
    for (int number = 0; number < 16; number++)
        add(table, stranger(number));
    for (int number = 16; number < 20; number++)
        table.add_last(stranger(number).key, stranger(number).flow);
    CHECK_EQ(table.pairs().size(), 20);
    CHECK_EQ(table.forgotten().frames, 0);
    for (int number = 16; number < 20; number++)
        table.add_last(stranger(number).key, stranger(number).flow, -1);
    CHECK_EQ(frames_of(table.pairs()), 16);
    add(table, stranger(20));
    CHECK_LE(table.pairs().size(), 16);
    CHECK_EQ(table.forgotten().pairs + static_cast<std::int64_t>(table.pairs().size()), 17);
}

TEST_CASE("a frame that waited is taken back from what was forgotten, if its pair was") {
    PairTable table(16);
    Flow waiting = stranger(0);
    add(table, waiting.is(BRPATH_UP, BRPATH_TRACKED));
    for (int number = 1; number < 101; number++)
        add(table, stranger(number));
    SUBCASE("and did not come again") {}
    SUBCASE("and came again") { add(table, stranger(0)); }
    const auto pairs = table.pairs().size();
    const auto all = frames_of(table.pairs()) + table.forgotten().frames;

    waiting.flow.frames = -1;
    waiting.flow.bytes = -100;
    add(table, waiting);
    CHECK_EQ(table.by_path()[BRPATH_UP], 0);
    CHECK_EQ(frames_of(table.pairs()) + table.forgotten().frames, all - 1);
    CHECK_EQ(table.pairs().size(), pairs); // none was made for it, and none forgotten
    for (const auto &pair : table.pairs()) {
        CHECK_GE(pair.to_server.frames, 1);
        CHECK_GE(pair.to_server.by_path[BRPATH_UP], 0);
        CHECK_EQ(pair.to_server.bytes, 100 * pair.to_server.frames);
    }
}

TEST_CASE("the same for a frame that is not IP") {
    PairTable table(16);
    Flow waiting = stranger(0);
    waiting.key.ethertype = ETH_P_ARP;
    add(table, waiting);
    for (int number = 1; number < 101; number++)
        add(table, stranger(number));
    const auto pairs = table.pairs().size();

    waiting.flow.frames = -1;
    waiting.flow.bytes = -100;
    add(table, waiting);
    CHECK_EQ(table.pairs().size(), pairs);
    CHECK_EQ(frames_of(table.pairs()) + table.forgotten().frames, 100);
}

TEST_CASE("a SYN that waited, and whose pair was forgotten, was not sent twice") {
    PairTable table(16);
    Flow waiting = stranger(0);
    add(table, waiting.is(BRPATH_UP, BRPATH_TRACKED).with_tcp(syn, 1, 0));
    for (int number = 1; number < 101; number++)
        add(table, stranger(number));
    Flow taken_back = waiting;
    taken_back.flow.frames = -1;
    taken_back.flow.bytes = -100;
    taken_back.flow.tcp_syn = -1;
    add(table, taken_back);
    add(table, waiting.is(BRPATH_ROUTED, BRPATH_TRACKED));
    for (const auto &pair : table.pairs())
        CHECK_EQ(pair.syn_retransmissions, 0);
}

TEST_CASE("connections are forgotten in generations, never without a bound") {
    Connections connections(4);
    for (std::uint16_t port = 1; port < 1000; port++) {
        const Flow flow(IPPROTO_TCP, {"10.0.0.1", port, "10.0.0.2", 80}, 1);
        connections.find_or_make(flow.key, flow.flow);
        CHECK_LE(connections.size(), 8);
    }
}

TEST_CASE("a connection that is used stays") {
    Connections connections(4);
    const Flow kept = request(1);
    const auto first = connections.find_or_make(kept.key, kept.flow).connection;
    for (std::uint16_t port = 1; port < 100; port++) {
        const Flow other(IPPROTO_TCP, {"10.0.0.1", port, "10.0.0.2", 80}, 1);
        connections.find_or_make(other.key, other.flow);
        const Flow reply = broken_reply(1);
        CHECK_EQ(connections.find_or_make(reply.key, reply.flow).connection, first);
    }
}

} // namespace
