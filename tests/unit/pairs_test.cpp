// SPDX-License-Identifier: BSD-2-Clause
#include "incident_flows.hpp"

#include <algorithm>
#include <doctest/doctest.h>

namespace {

using namespace brpath;
using namespace brpath::test;

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

} // namespace
