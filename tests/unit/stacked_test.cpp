// SPDX-License-Identifier: BSD-2-Clause
#include "app/stacked.hpp"

#include <doctest/doctest.h>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace brpath;

Link device(std::uint32_t ifindex, std::string kind, std::uint32_t master = 0, bool is_bridge_port = false) {
    Link link;

    link.ifindex = ifindex;
    link.kind = std::move(kind);
    link.master = master;
    link.is_bridge_port = is_bridge_port;
    return link;
}

Link vlan(std::uint32_t ifindex, std::uint32_t lower, std::uint16_t id, std::uint32_t master = 0) {
    Link link = device(ifindex, "vlan", master, master != 0);

    link.peer_ifindex = lower;
    link.vlan_id = id;
    return link;
}

// "DEVICE/VLAN>PORT@BRIDGE", in order
std::string describe(const std::vector<Link> &links) {
    std::string text;

    for (const auto &[key, value] : stacked_devices(links))
        text += (text.empty() ? "" : " ") + std::to_string(key.ifindex) + "/" +
                (key.vlan == BRPATH_STACKED_ABOVE ? "above" : std::to_string(key.vlan)) + ">" +
                std::to_string(value.port) + "@" + std::to_string(value.bridge);
    return text;
}

TEST_CASE("devices below and above a bridge's ports, as the programs have to know them") {
    const Link bridge = device(1, "bridge"), other = device(2, "bridge");
    const struct {
        const char *what;
        std::vector<Link> links;
        const char *expected;
    } cases[] = {
        {"plain ports need nothing", {bridge, device(3, "veth", 1, true)}, ""},
        {"a VLAN device as port", {bridge, device(3, ""), vlan(4, 3, 10, 1)}, "3/10>4@1"},
        {"a VLAN device over a port of another bridge",
         {bridge, other, device(3, "veth", 1, true), vlan(4, 3, 10, 2)},
         "3/10>4@2"},
        {"a bond as port",
         {bridge, device(3, "bond", 1, true), device(4, "", 3), device(5, "", 3)},
         "4/0>3@1 5/0>3@1"},
        {"a team as port", {bridge, device(3, "team", 1, true), device(4, "", 3)}, "4/0>3@1"},
        {"a VLAN device over a bond as port",
         {bridge, device(3, "bond"), device(4, "", 3), vlan(6, 3, 7, 1)},
         "4/7>6@1"},
        {"a bond of a VLAN device as port",
         [] {
             auto member = vlan(5, 4, 9);
             member.master = 3;
             return std::vector<Link>{device(1, "bridge"), device(3, "bond", 1, true), device(4, ""), member};
         }(),
         "4/9>3@1"},
        {"a VLAN device on top of a bridge", {bridge, vlan(3, 1, 20)}, "3/above>0@1"},
        {"a VLAN device that is no port", {bridge, device(3, ""), vlan(4, 3, 10)}, ""},
        {"a lower device in another namespace",
         [] {
             auto port = vlan(4, 3, 10, 1);
             port.peer_namespace = 0;
             return std::vector<Link>{device(1, "bridge"), port};
         }(),
         ""},
        {"a lower device that has gone", {bridge, vlan(4, 3, 10, 1)}, ""},
        {"a bond that holds itself has an end", {bridge, device(3, "bond", 3, true)}, ""},
    };

    for (const auto &test : cases) {
        CAPTURE(test.what);
        CHECK_EQ(describe(test.links), test.expected);
    }
}

} // namespace
