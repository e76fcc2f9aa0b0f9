// SPDX-License-Identifier: BSD-2-Clause
#include "incident_flows.hpp"

#include <algorithm>
#include <doctest/doctest.h>

namespace {

using namespace brpath;
using namespace brpath::test;

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
    dropped.key.reason = BRPATH_DROP_IP_HOOKS;
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

TEST_CASE("a pair keeps a bypassed request for each of the server's ports, eight at most") {
    PairTable table;
    const auto call = [&](std::uint16_t client_port, std::uint16_t port, brpath_handling handling) {
        add(table, Flow(IPPROTO_TCP, {"10.244.1.11", client_port, "10.244.1.12", port}, 1)
                       .is(BRPATH_BRIDGED, handling)
                       .with_tcp(syn, 1, 0));
    };
    call(50000, 22, BRPATH_TRACKED); // it met the rules
    for (std::uint16_t port = 1; port <= 9; port++)
        call(static_cast<std::uint16_t>(50000 + port), port, BRPATH_BYPASSED);
    call(51000, 9, BRPATH_BYPASSED);
    const auto samples = table.pairs().at(0).samples;
    REQUIRE_EQ(samples.size(), 8);
    CHECK_EQ(samples.front().destination_port, 2); // the newest eight
    CHECK_EQ(samples.back().destination_port, 9);
    CHECK_EQ(samples.back().source_port, 51000);
}

// An ICMP error about a packet with these ports, by the one who got it to the one who sent it.
Flow error_about(std::uint8_t quoted, const Header &answer, std::uint64_t frames) {
    Flow flow(IPPROTO_ICMP, answer, frames);
    flow.key.quoted = quoted;
    flow.flow.icmp_type = 3;
    return flow;
}

Flow datagrams(std::uint64_t frames) {
    return Flow(IPPROTO_UDP, to_service, frames).leaves_as(to_backend).is(BRPATH_ROUTED, BRPATH_TRACKED);
}

TEST_CASE(
    "an ICMP error about a translated packet is evidence for the Service, and counts in a pair of its own") {
    PairTable table;
    add(table, datagrams(5));
    add(table, error_about(IPPROTO_UDP, from_backend, 3));
    const auto pairs = table.pairs();
    REQUIRE_EQ(pairs.size(), 2);
    CHECK(pairs[0].is_answered_untranslated()); // what is broken comes first
    CHECK_EQ(pairs[0].protocol, "udp");
    CHECK_EQ(pairs[0].to_client.frames, 0);
    CHECK_EQ(pairs[0].untranslated_replies, 0);
    CHECK_EQ(pairs[0].untranslated_errors, 3);
    CHECK_EQ(pairs[0].untranslated_by_reason[BRPATH_SYSCTL_OFF], 3);
    CHECK_EQ(pairs[0].client_errors, 0);
    CHECK_EQ(pairs[0].untranslated_seen.first_ns, 1);
    REQUIRE(pairs[0].example);
    CHECK_EQ(pairs[0].example->answered, "ICMP error about 10.244.1.11:40000 > 10.244.1.12:8080");
    CHECK_EQ(pairs[0].example->expected, "ICMP error about 10.244.1.11:40000 > 10.96.0.10:80");
    CHECK_EQ(pairs[1].protocol, "icmp");
    CHECK_FALSE(pairs[1].is_answered_untranslated());
    CHECK_EQ(pairs[1].to_server.frames + pairs[1].to_client.frames, 3);
}

TEST_CASE("an ICMP error with which the client answers an untranslated reply is evidence too") {
    PairTable table;
    add(table, datagrams(1));
    add(table, Flow(IPPROTO_UDP, from_backend, 4));
    add(table, error_about(IPPROTO_UDP, to_backend, 2));
    const auto pair = table.pairs().at(0);
    CHECK_EQ(pair.untranslated_replies, 4);
    CHECK_EQ(pair.untranslated_errors, 0);
    CHECK_EQ(pair.client_errors, 2);
}

TEST_CASE("ICMP errors that are no evidence") {
    const auto without = [](Flow error) {
        PairTable table;
        add(table, datagrams(1));
        add(table, Flow(IPPROTO_UDP, {"10.244.1.11", 50000, "10.244.1.12", 8080}, 1));
        add(table, error);
        for (const auto &pair : table.pairs())
            CHECK_FALSE(pair.is_answered_untranslated());
    };
    SUBCASE("translated back") {
        without(error_about(IPPROTO_UDP, from_backend, 1)
                    .leaves_as(from_service)
                    .is(BRPATH_BRIDGED, BRPATH_TRACKED));
    }
    SUBCASE("about a direct conversation of the two") {
        without(error_about(IPPROTO_UDP, {"10.244.1.12", 8080, "10.244.1.11", 50000}, 1));
    }
    SUBCASE("about another protocol") { without(error_about(IPPROTO_TCP, from_backend, 1)); }
    SUBCASE("about nothing that is known") {
        without(error_about(IPPROTO_UDP, {"10.244.1.12", 9, "10.244.1.11", 9}, 1));
    }
    SUBCASE("without a quoted packet of the two") { without(error_about(0, from_backend, 1)); }
    SUBCASE("routed") {
        without(error_about(IPPROTO_UDP, from_backend, 1).is(BRPATH_ROUTED, BRPATH_TRACKED));
    }
}

TEST_CASE("an ICMP error that is taken away after one summary leaves no trace") {
    PairTable table;
    add(table, datagrams(1));
    const auto error = error_about(IPPROTO_UDP, from_backend, 1);
    table.add_last(error.key, error.flow);
    CHECK_EQ(table.pairs().at(0).untranslated_errors, 1);
    table.add_last(error.key, error.flow, -1);
    for (const auto &pair : table.pairs())
        CHECK_EQ(pair.untranslated_errors, 0);
}

TEST_CASE("an ICMP error that is counted before the request that it is about is not lost") {
    PairTable table;
    const auto request = datagrams(1), error = error_about(IPPROTO_UDP, from_backend, 1);
    table.learn_beginning(request.key, request.flow);
    for (const int sign : {1, -1}) {
        table.add_last(error.key, error.flow, sign);
        table.add_last(request.key, request.flow, sign);
    }
    for (const auto &pair : table.pairs())
        CHECK_EQ(pair.untranslated_errors, 0);
    table.add_last(error.key, error.flow);
    table.add_last(request.key, request.flow);
    CHECK_EQ(table.pairs().at(0).protocol, "udp");
    CHECK_EQ(table.pairs().at(0).untranslated_errors, 1);
}

} // namespace
