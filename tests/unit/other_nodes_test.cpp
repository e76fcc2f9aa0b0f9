// SPDX-License-Identifier: BSD-2-Clause
#include "names/other_nodes.hpp"

#include <doctest/doctest.h>

namespace {

using namespace brpath;

constexpr std::uint32_t tunnel = 7, wire = 2;

// As flannel with its backend vxlan leaves a node of two neighbours.
Overlay vxlan() {
    Overlay overlay;
    Link flannel;
    flannel.ifindex = tunnel;
    flannel.name = "flannel.1";
    flannel.kind = "vxlan";
    overlay.links = {flannel};
    overlay.routes = {{"10.244.2.0", 24, "10.244.2.0", tunnel}, {"10.244.3.0", 24, "10.244.3.0", tunnel}};
    overlay.addresses = {{tunnel, "10.244.2.0", "02:00:00:00:00:02"},
                         {tunnel, "10.244.3.0", "02:00:00:00:00:03"}};
    overlay.forwarding = {{tunnel, "192.168.60.2", "02:00:00:00:00:02"},
                          {tunnel, "192.168.60.3", "02:00:00:00:00:03"}};
    return overlay;
}

TEST_CASE("VXLAN: a network belongs to the node at the tunnel's other end") {
    const std::vector<NetworkRecord> expected = {{"node 192.168.60.2", "10.244.2.0", 24},
                                                 {"node 192.168.60.3", "10.244.3.0", 24}};
    CHECK_EQ(networks_of_other_nodes(vxlan()), expected);
}

TEST_CASE("what the tables do not tell is nobody's") {
    SUBCASE("no MAC of the gateway") {
        Overlay overlay = vxlan();
        overlay.addresses.erase(overlay.addresses.begin());
        REQUIRE_EQ(networks_of_other_nodes(overlay).size(), 1);
        CHECK_EQ(networks_of_other_nodes(overlay)[0].name, "node 192.168.60.3");
    }
    SUBCASE("the MAC is another tunnel's") {
        Overlay overlay = vxlan();
        overlay.forwarding[0].ifindex = tunnel + 1;
        CHECK_EQ(networks_of_other_nodes(overlay).size(), 1);
    }
    SUBCASE("a router is no node") {
        Overlay overlay;
        overlay.routes = {{"10.244.2.0", 24, "192.168.60.1", wire}};
        CHECK(networks_of_other_nodes(overlay).empty());
    }
}

TEST_CASE("host-gw: in the cluster's network the gateway is the node") {
    Overlay overlay;
    overlay.cluster_network = "10.244.0.0/16";
    overlay.routes = {{"10.244.2.0", 24, "192.168.60.2", wire}, {"172.16.0.0", 12, "192.168.60.1", wire}};
    const std::vector<NetworkRecord> expected = {{"node 192.168.60.2", "10.244.2.0", 24}};
    CHECK_EQ(networks_of_other_nodes(overlay), expected);
}

TEST_CASE("flannel's subnet.env") {
    CHECK_EQ(parse_flannel_network("FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\n"),
             "10.244.0.0/16");
    CHECK_EQ(parse_flannel_network("FLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_NETWORK=10.0.0.0/8"), "10.0.0.0/8");
    CHECK(parse_flannel_network("").empty());
    CHECK(parse_flannel_network("\n\nFLANNEL").empty());
}

TEST_CASE("inside a network") {
    struct Row {
        const char *network, *address;
        bool expected;
    };
    const Row rows[] = {
        {"10.244.0.0/16", "10.244.255.255", true},
        {"10.244.0.0/16", "10.245.0.0", false},
        {"10.244.2.0/23", "10.244.3.1", true},
        {"10.244.2.0/23", "10.244.4.1", false},
        {"0.0.0.0/0", "1.2.3.4", true},
        {"10.0.0.1/32", "10.0.0.1", true},
        {"10.0.0.1/32", "10.0.0.2", false},
        {"fd00:244::/32", "fd00:244:1::5", true},
        {"fd00:244::/32", "fd00:245::5", false},
        {"::/0", "10.0.0.1", false},
        {"10.0.0.0/33", "10.0.0.1", false},
        {"10.0.0.0/-1", "10.0.0.1", false},
        {"10.0.0.0/8x", "10.0.0.1", false},
        {"10.0.0.0", "10.0.0.0", false},
        {"", "", false},
        {"x/8", "10.0.0.1", false},
    };
    for (const auto &row : rows) {
        CAPTURE(row.network);
        CAPTURE(row.address);
        CHECK_EQ(is_inside(row.network, row.address), row.expected);
    }
}

} // namespace
