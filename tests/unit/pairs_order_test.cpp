// SPDX-License-Identifier: BSD-2-Clause
#include "incident_flows.hpp"

#include <algorithm>
#include <doctest/doctest.h>

namespace {

using namespace brpath;
using namespace brpath::test;

TEST_CASE("an answer that is counted before its request is not another connection's") {
    PairTable table;
    add(table, request(1));
    Flow again(IPPROTO_TCP, to_backend, 1); // the same ports, for the server itself
    again.with_tcp(syn, 1, 0);
    table.learn_beginning(again.key, again.flow);
    add(table, broken_reply(1));
    add(table, again);

    const auto pairs = table.pairs();
    REQUIRE_EQ(pairs.size(), 2);
    for (const auto &pair : pairs) {
        CHECK_EQ(pair.untranslated_replies, 0);
        CHECK_EQ(pair.to_server.frames, 1);
        CHECK_EQ(pair.to_client.frames, pair.service ? 0 : 1);
    }
}

TEST_CASE("a Service's last frame that is counted late does not take a direct conversation's replies") {
    PairTable table;
    Flow late = request(1);
    late.with_tcp(ack, 0, 0);
    SUBCASE("the client's") {}
    SUBCASE("the server's") {
        late = Flow(IPPROTO_TCP, from_backend, 1).leaves_as(from_service).is(BRPATH_ROUTED, BRPATH_TRACKED);
        late.directed(BRPATH_DIR_REPLY).with_tcp(ack, 0, 0);
    }
    add(table, request(1));
    add(table, Flow(IPPROTO_TCP, to_backend, 1).with_tcp(syn, 1, 0));
    add(table, late);
    add(table, broken_reply(1));

    const auto pairs = table.pairs();
    REQUIRE_EQ(pairs.size(), 2);
    for (const auto &pair : pairs) {
        CHECK_EQ(pair.untranslated_replies, 0);
        CHECK_EQ(pair.to_server.frames + pair.to_client.frames, 2);
    }
}

TEST_CASE("a frame that waited is taken back from where it was counted") {
    Flow entered(IPPROTO_TCP, to_service, 1);
    entered.is(BRPATH_UP, BRPATH_TRACKED).with_tcp(syn, 1, 0);
    Flow taken_back = entered;
    taken_back.flow.frames = -1;
    taken_back.flow.bytes = -100;
    taken_back.flow.tcp_syn = -1;

    SUBCASE("its translation was known") {
        PairTable table;
        table.learn_translation(request(1).key, request(1).flow);
        add(table, entered);
        add(table, request(1));
        add(table, taken_back);
        REQUIRE_EQ(table.pairs().size(), 1);
        CHECK_EQ(table.pairs()[0].to_server.frames, 1);
        CHECK_EQ(table.pairs()[0].to_server.bytes, 100);
        CHECK_EQ(table.pairs()[0].to_server.by_path[BRPATH_ROUTED], 1);
        CHECK_EQ(table.pairs()[0].to_server.by_path[BRPATH_UP], 0);
        CHECK_EQ(table.pairs()[0].syn_retransmissions, 0);
        CHECK_EQ(table.by_path()[BRPATH_UP], 0);
    }
    SUBCASE("its translation was not known: there was no Service yet") {
        PairTable table;
        add(table, entered);
        add(table, request(1));
        add(table, taken_back);
        REQUIRE_EQ(table.pairs().size(), 1);
        CHECK(table.pairs()[0].service.has_value());
        CHECK_EQ(table.pairs()[0].to_server.frames, 1);
        CHECK_EQ(table.pairs()[0].to_server.by_path[BRPATH_ROUTED], 1);
    }
    SUBCASE("some were counted before it was known, some after") {
        PairTable table;
        add(table, entered);
        add(table, entered);
        add(table, request(3));
        taken_back.flow.frames = -3;
        taken_back.flow.bytes = -300;
        taken_back.flow.tcp_syn = -3;
        add(table, taken_back);
        add(table, entered);
        REQUIRE_EQ(table.pairs().size(), 1);
        CHECK_EQ(table.pairs()[0].to_server.frames, 3);
        CHECK_EQ(table.pairs()[0].to_server.bytes, 300);
        CHECK_EQ(table.pairs()[0].to_server.by_path[BRPATH_UP], 0);
    }
    SUBCASE("one of two that were not known waited") {
        PairTable table;
        add(table, entered);
        add(table, entered);
        add(table, request(1));
        add(table, taken_back);
        REQUIRE_EQ(table.pairs().size(), 2);
        CHECK_EQ(table.pairs()[0].to_server.frames, 1);
        CHECK_EQ(table.pairs()[1].to_server.frames, 1);
    }
}

TEST_CASE("what is added for one summary and taken away leaves no trace") {
    PairTable table;
    add(table, request(3));
    const auto before = table.pairs().at(0);
    for (const auto &flow : {request(1), broken_reply(1), reset(1)}) {
        table.add_last(flow.key, flow.flow);
        table.add_last(flow.key, flow.flow, -1);
    }
    const auto after = table.pairs().at(0);
    CHECK_EQ(after.to_server, before.to_server);
    CHECK_EQ(after.to_client, before.to_client);
    CHECK_EQ(after.untranslated_replies, 0);
    CHECK_EQ(after.client_resets, 0);
    CHECK_EQ(after.syn_retransmissions, before.syn_retransmissions);
    CHECK_EQ(table.by_path()[BRPATH_ROUTED], 3);
    CHECK_EQ(table.by_path()[BRPATH_BRIDGED], 0);
}

// A frame of a stranger to the backend.

} // namespace
