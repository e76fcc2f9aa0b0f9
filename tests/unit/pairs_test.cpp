// SPDX-License-Identifier: BSD-2-Clause
#include "flows.hpp"
#include "model/pairs.hpp"

#include <algorithm>
#include <doctest/doctest.h>

namespace {

using namespace brpath;
using brpath::test::Flow;
using brpath::test::Header;
using brpath::test::make_raw;

const Header to_service{"10.244.1.11", 40000, "10.96.0.10", 80};
const Header to_backend{"10.244.1.11", 40000, "10.244.1.12", 8080};
const Header from_backend{"10.244.1.12", 8080, "10.244.1.11", 40000};
const Header from_service{"10.96.0.10", 80, "10.244.1.11", 40000};

constexpr std::uint8_t syn = 0x02, rst = 0x04, ack = 0x10;

void add(PairTable &table, const Flow &flow) { table.add(flow.key, flow.flow); }

Flow request(std::uint64_t frames) {
    return Flow(IPPROTO_TCP, to_service, frames)
        .leaves_as(to_backend)
        .is(BRPATH_ROUTED, BRPATH_TRACKED)
        .directed(BRPATH_DIR_ORIGINAL)
        .with_tcp(syn, static_cast<std::uint32_t>(frames), 0);
}

Flow broken_reply(std::uint64_t frames) {
    return Flow(IPPROTO_TCP, from_backend, frames).with_tcp(syn | ack, 0, 0);
}

Flow reset(std::uint64_t frames) {
    return Flow(IPPROTO_TCP, to_backend, frames).with_tcp(rst, 0, static_cast<std::uint32_t>(frames));
}

TEST_CASE("no flows, no pairs") {
    CHECK(PairTable().pairs().empty());
    CHECK_EQ(PairTable().by_path()[BRPATH_BRIDGED], 0);
}

TEST_CASE("the incident is one pair with its Service, replies, resets and retransmissions") {
    PairTable table;
    add(table, request(3));
    add(table, broken_reply(2));
    add(table, reset(2));

    const auto pairs = table.pairs();
    REQUIRE_EQ(pairs.size(), 1);
    const auto &pair = pairs[0];
    CHECK_EQ(pair.client.ip, "10.244.1.11");
    CHECK_EQ(pair.server.ip, "10.244.1.12");
    REQUIRE(pair.service.has_value());
    CHECK_EQ(pair.service->ip, "10.96.0.10");
    CHECK_EQ(pair.service->port, 80);
    CHECK_EQ(pair.protocol, "tcp");
    CHECK_EQ(pair.to_server.frames, 5);
    CHECK_EQ(pair.to_server.by_handling[BRPATH_TRACKED], 3);
    CHECK_EQ(pair.to_server.by_handling[BRPATH_BYPASSED], 2);
    CHECK_EQ(pair.to_client.frames, 2);
    CHECK_EQ(pair.to_client.bytes, 200);
    CHECK_EQ(pair.to_client.by_reason[BRPATH_SYSCTL_OFF], 2);
    CHECK_EQ(pair.untranslated_replies, 2);
    CHECK_EQ(pair.client_resets, 2);
    CHECK_EQ(pair.syn_retransmissions, 2);
}

TEST_CASE("a translated reply is the same pair and no finding") {
    PairTable table;
    add(table, request(1));
    add(table, Flow(IPPROTO_TCP, from_backend, 1)
                   .leaves_as(from_service)
                   .is(BRPATH_BRIDGED, BRPATH_TRACKED)
                   .directed(BRPATH_DIR_REPLY)
                   .with_tcp(syn | ack, 0, 0));
    const auto pairs = table.pairs();
    REQUIRE_EQ(pairs.size(), 1);
    CHECK_EQ(pairs[0].to_client.frames, 1);
    CHECK_EQ(pairs[0].untranslated_replies, 0);
    CHECK_EQ(pairs[0].syn_retransmissions, 0);
}

TEST_CASE("a translated reply alone tells client, server and Service") {
    PairTable table;
    add(table, Flow(IPPROTO_TCP, from_backend, 1)
                   .leaves_as(from_service)
                   .is(BRPATH_BRIDGED, BRPATH_TRACKED)
                   .directed(BRPATH_DIR_REPLY));
    const auto pairs = table.pairs();
    REQUIRE_EQ(pairs.size(), 1);
    CHECK_EQ(pairs[0].client.ip, "10.244.1.11");
    CHECK_EQ(pairs[0].server.ip, "10.244.1.12");
    CHECK_EQ(pairs[0].service->ip, "10.96.0.10");
    CHECK_EQ(pairs[0].client.port_ifindex, 2);
    CHECK_EQ(pairs[0].server.port_ifindex, 1);
}

TEST_CASE("direct traffic between the same two endpoints is a pair of its own, without a finding") {
    PairTable table;
    add(table, request(1));
    add(table, Flow(IPPROTO_TCP, {"10.244.1.11", 50000, "10.244.1.12", 8080}, 7).with_tcp(syn | ack, 1, 0));
    add(table, Flow(IPPROTO_TCP, {"10.244.1.12", 8080, "10.244.1.11", 50000}, 5).with_tcp(syn | ack, 0, 0));
    const auto pairs = table.pairs();
    REQUIRE_EQ(pairs.size(), 2);
    CHECK_EQ(pairs[0].to_server.frames, 7); // more frames come first when nothing is broken
    CHECK_EQ(pairs[0].to_client.frames, 5);
    CHECK_FALSE(pairs[0].service.has_value());
    CHECK_EQ(pairs[0].untranslated_replies, 0);
}

TEST_CASE("a port used again for a direct connection is no part of the Service's") {
    PairTable table;
    add(table, request(1));
    add(table,
        Flow(IPPROTO_TCP, to_backend, 6).with_tcp(syn | ack, 1, 0)); // same client port, the pod's address
    add(table, Flow(IPPROTO_TCP, from_backend, 5).with_tcp(syn | ack, 0, 0));
    const auto pairs = table.pairs();
    REQUIRE_EQ(pairs.size(), 2);
    for (const auto &pair : pairs)
        CHECK_EQ(pair.untranslated_replies, 0);

    // and then for the Service again, which is broken
    add(table, request(1));
    add(table, broken_reply(1));
    CHECK_EQ(table.pairs().at(0).untranslated_replies, 1);
}

TEST_CASE("the same for UDP, where nothing but the header tells") {
    PairTable table;
    add(table, Flow(IPPROTO_UDP, {"10.0.0.1", 4000, "10.96.0.53", 53}, 1)
                   .leaves_as({"10.0.0.1", 4000, "10.0.0.3", 5353})
                   .is(BRPATH_ROUTED, BRPATH_TRACKED)
                   .directed(BRPATH_DIR_ORIGINAL));
    add(table, Flow(IPPROTO_UDP, {"10.0.0.1", 4000, "10.0.0.3", 5353}, 1));
    add(table, Flow(IPPROTO_UDP, {"10.0.0.3", 5353, "10.0.0.1", 4000}, 1));
    for (const auto &pair : table.pairs())
        CHECK_EQ(pair.untranslated_replies, 0);
}

TEST_CASE(
    "a request that waited on the way keeps its Service: it enters, goes up, and leaves later on its own") {
    PairTable table;
    Flow translation(IPPROTO_TCP, to_service, 0);
    translation.leaves_as(to_backend);
    table.learn_translation(translation.key, translation.flow);
    add(table, Flow(IPPROTO_TCP, to_service, 1).is(BRPATH_UP, BRPATH_TRACKED).with_tcp(syn, 1, 0));
    Flow late = Flow(IPPROTO_TCP, to_backend, 1).is(BRPATH_EGRESS, BRPATH_TRACKED).with_tcp(syn, 1, 0);
    late.key.port_in = 0;
    add(table, late);
    add(table, broken_reply(1));
    const auto pairs = table.pairs();
    REQUIRE_EQ(pairs.size(), 1);
    CHECK_EQ(pairs[0].untranslated_replies, 1);
}

TEST_CASE("later fragments, without ports or type, are the pair of the first ones") {
    PairTable table;
    const auto fragment = [](const char *from, const char *to, std::uint8_t type, std::uint16_t id) {
        Flow flow(IPPROTO_ICMP, {from, id, to, id}, 1);
        flow.flow.icmp_type = type;
        return flow;
    };
    add(table, fragment("10.0.0.2", "10.0.0.1", 8, 7)); // the higher address asks
    add(table, fragment("10.0.0.1", "10.0.0.2", BRPATH_ICMP_UNKNOWN, 0));
    add(table, fragment("10.0.0.2", "10.0.0.1", BRPATH_ICMP_UNKNOWN, 0));
    const auto pairs = table.pairs();
    REQUIRE_EQ(pairs.size(), 1);
    CHECK_EQ(pairs[0].client.ip, "10.0.0.2");
    CHECK_EQ(pairs[0].to_server.frames, 2);
    CHECK_EQ(pairs[0].to_client.frames, 1);
}

TEST_CASE("who is the client, when nothing but the frames tells") {
    struct Row {
        const char *what;
        Flow flow;
        const char *client;
    };
    const Header up{"10.0.0.1", 40000, "10.0.0.2", 53};
    const Header down{"10.0.0.2", 53, "10.0.0.1", 40000};
    const Header same{"10.0.0.1", 123, "10.0.0.2", 123};
    const Header icmp{"10.0.0.1", 7, "10.0.0.2", 7};
    Flow echo(IPPROTO_ICMP, icmp, 1);
    Flow echo_reply(IPPROTO_ICMP, icmp, 1);
    echo.flow.icmp_type = 8;
    echo_reply.flow.icmp_type = 0;
    const Row rows[] = {
        {"higher port asks", Flow(IPPROTO_UDP, up, 1), "10.0.0.1"},
        {"lower port answers", Flow(IPPROTO_UDP, down, 1), "10.0.0.1"},
        {"equal ports: the first seen asks", Flow(IPPROTO_UDP, same, 1), "10.0.0.1"},
        {"conntrack knows better than ports", Flow(IPPROTO_UDP, down, 1).directed(BRPATH_DIR_ORIGINAL),
         "10.0.0.2"},
        {"SYN asks", Flow(IPPROTO_TCP, down, 1).with_tcp(syn, 1, 0), "10.0.0.2"},
        {"SYN and ACK answers", Flow(IPPROTO_TCP, up, 1).with_tcp(syn | ack, 0, 0), "10.0.0.2"},
        {"echo request asks", echo, "10.0.0.1"},
        {"echo reply answers", echo_reply, "10.0.0.2"},
    };

    for (const auto &row : rows) {
        CAPTURE(row.what);
        PairTable table;
        add(table, row.flow);
        CHECK_EQ(table.pairs().at(0).client.ip, row.client);
    }
}

TEST_CASE("a request that leaves this node gets its server from the translation that was learned") {
    PairTable table;
    Flow translation(IPPROTO_TCP, to_service, 0);
    translation.leaves_as({"192.168.0.1", 61000, "10.244.2.9", 8080}); // another node's pod, masqueraded
    table.learn_translation(translation.key, translation.flow);
    add(table, Flow(IPPROTO_TCP, to_service, 3).is(BRPATH_UP, BRPATH_TRACKED).directed(BRPATH_DIR_ORIGINAL));
    add(table,
        Flow(IPPROTO_TCP, from_service, 2).is(BRPATH_EGRESS, BRPATH_TRACKED).directed(BRPATH_DIR_REPLY));
    const auto pairs = table.pairs();
    REQUIRE_EQ(pairs.size(), 1);
    CHECK_EQ(pairs[0].server.ip, "10.244.2.9");
    CHECK_EQ(pairs[0].service->ip, "10.96.0.10");
    CHECK_EQ(pairs[0].to_server.frames, 3);
    CHECK_EQ(pairs[0].to_client.frames, 2);
    CHECK_EQ(pairs[0].untranslated_replies, 0);
}

TEST_CASE("IPv6 and VLANs are kept apart from their look-alikes") {
    PairTable table;
    Flow tagged(IPPROTO_UDP, {"10.0.0.1", 5, "10.0.0.2", 4}, 1);
    tagged.key.vlan = 10;
    add(table, tagged);
    add(table, Flow(IPPROTO_UDP, {"10.0.0.1", 5, "10.0.0.2", 4}, 1));
    add(table, Flow(IPPROTO_UDP, {"fd00::1", 5, "fd00::2", 4}, 1));
    CHECK_EQ(table.pairs().size(), 3);
}

TEST_CASE("frames that are not IP count by EtherType and port") {
    PairTable table;
    Flow arp(0, {"0.0.0.0", 0, "0.0.0.0", 0}, 4);
    arp.key.ethertype = ETH_P_ARP;
    arp.key.reason = BRPATH_NOT_IP;
    arp.is(BRPATH_FLOODED, BRPATH_BYPASSED);
    add(table, arp);
    Flow answer = arp;
    answer.key.port_in = 0;
    answer.key.port_out = 1;
    answer.is(BRPATH_EGRESS, BRPATH_NONE);
    add(table, answer);
    const auto pairs = table.pairs();
    REQUIRE_EQ(pairs.size(), 1);
    CHECK_EQ(pairs[0].protocol, "arp");
    CHECK_EQ(pairs[0].client.ip, "");
    CHECK_EQ(pairs[0].client.port_ifindex, 1);
    CHECK_EQ(pairs[0].to_server.frames, 4);
    CHECK_EQ(pairs[0].to_server.by_reason[BRPATH_NOT_IP], 4);
    CHECK_EQ(pairs[0].to_client.frames, 4);
}

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

TEST_CASE("an address that moves to another port is the same pair, behind the port it was seen at last") {
    PairTable table;
    Flow flow(IPPROTO_UDP, {"10.0.0.9", 4000, "10.0.0.2", 53}, 3);
    add(table, flow);
    CHECK_EQ(table.pairs().at(0).client.port_ifindex, 1);
    flow.key.port_in = 7;
    flow.flow.frames = 5;
    add(table, flow);
    REQUIRE_EQ(table.pairs().size(), 1);
    CHECK_EQ(table.pairs()[0].client.port_ifindex, 7);
    CHECK_EQ(table.pairs()[0].server.port_ifindex, 2);
    CHECK_EQ(table.pairs()[0].to_server.frames, 8);

    // What is a CPU's last frame may have been there since before the move.
    flow.key.port_in = 1;
    table.add_last(flow.key, flow.flow);
    CHECK_EQ(table.pairs()[0].client.port_ifindex, 7);
    CHECK_EQ(table.pairs()[0].to_server.frames, 13);
    flow.flow.frames = 1;
    flow.flow.first_ns = 0;
    add(table, flow);
    CHECK_EQ(table.pairs()[0].client.port_ifindex, 7);
    CHECK_EQ(table.pairs()[0].to_server.frames, 14);
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

TEST_CASE("an untranslated reply has its times and one conversation in headers") {
    PairTable table;
    table.set_time(500);
    add(table, request(1));
    Flow late = broken_reply(1);
    late.flow.first_ns = 0; // counted late: it has the table's time
    add(table, late);
    Flow early = broken_reply(1);
    early.flow.first_ns = 300;
    add(table, early);
    const auto pairs = table.pairs();
    REQUIRE_EQ(pairs.size(), 1);
    CHECK_EQ(pairs[0].untranslated_seen.first_ns, 300);
    CHECK_EQ(pairs[0].untranslated_seen.last_ns, 500);
    REQUIRE(pairs[0].example);
    CHECK_EQ(pairs[0].example->asked, "10.244.1.11:40000 > 10.96.0.10:80");
    CHECK_EQ(pairs[0].example->delivered, "10.244.1.11:40000 > 10.244.1.12:8080");
    CHECK_EQ(pairs[0].example->answered, "10.244.1.12:8080 > 10.244.1.11:40000");
    CHECK_EQ(pairs[0].example->expected, "10.96.0.10:80 > 10.244.1.11:40000");
}

TEST_CASE("a connection that was there before explains a reply whose request was not seen") {
    const Flow asked = request(1);
    const auto tuple = [&](const Header &header) { return make_tuple(make_raw(header), asked.key); };
    PairTable table;
    table.learn_connection(tuple(to_service), tuple(from_backend));
    add(table, broken_reply(2));
    const auto pairs = table.pairs();
    REQUIRE_EQ(pairs.size(), 1);
    REQUIRE(pairs[0].service);
    CHECK_EQ(pairs[0].service->ip, "10.96.0.10");
    CHECK_EQ(pairs[0].untranslated_replies, 2);
}

TEST_CASE("what the IP hooks dropped and what was translated on the bridge is counted apart") {
    PairTable table;
    Flow dropped = Flow(IPPROTO_TCP, to_backend, 3).is(BRPATH_DROPPED, BRPATH_TRACKED);
    dropped.key.drop = BRPATH_DROP_IP_HOOKS;
    add(table, dropped);
    add(table, Flow(IPPROTO_TCP, to_backend, 5).is(BRPATH_DROPPED, BRPATH_UNKNOWN));
    add(table, Flow(IPPROTO_TCP, {"10.244.1.11", 41000, "10.96.0.10", 80}, 7)
                   .leaves_as({"10.244.1.11", 41000, "10.244.1.12", 8080})
                   .is(BRPATH_BRIDGED, BRPATH_TRACKED));
    const auto pairs = table.pairs();
    REQUIRE_EQ(pairs.size(), 2);
    const auto &direct = pairs[0].service ? pairs[1] : pairs[0];
    const auto &service = pairs[0].service ? pairs[0] : pairs[1];
    CHECK_EQ(direct.to_server.dropped_in_ip_hooks, 3);
    CHECK_EQ(direct.to_server.translated_in_bridge, 0);
    CHECK_EQ(service.to_server.translated_in_bridge, 7);
    CHECK_EQ(table.by_handling()[BRPATH_TRACKED], 10);
    CHECK_EQ(table.by_handling()[BRPATH_UNKNOWN], 5);
}

} // namespace
