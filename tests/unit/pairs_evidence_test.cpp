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
