// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/route_messages.hpp"
#include "netlink_messages.hpp"

#include <doctest/doctest.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

namespace {

using namespace brpath;
using namespace brpath::test;

Bytes route(std::uint8_t length, std::uint8_t type, std::uint8_t table, const Bytes &attributes) {
    rtmsg header{};
    header.rtm_dst_len = length;
    header.rtm_type = type;
    header.rtm_table = table;
    return message(RTM_NEWROUTE, as_bytes(header) + attributes);
}

Bytes to_other_node() {
    return address_attribute(RTA_DST, AF_INET, "10.244.2.0") +
           address_attribute(RTA_GATEWAY, AF_INET, "10.244.2.0") +
           number_attribute<std::uint32_t>(RTA_OIF, 7);
}

Bytes neighbour(int ifindex, const Bytes &attributes) {
    ndmsg header{};
    header.ndm_ifindex = ifindex;
    return message(RTM_NEWNEIGH, as_bytes(header) + attributes);
}

Bytes mac(std::size_t size = 6) {
    Bytes bytes{std::byte{0x02}, std::byte{0x42}, std::byte{0x0a},
                std::byte{0xf4}, std::byte{0x01}, std::byte{0x0b}};
    bytes.resize(size);
    return attribute(NDA_LLADDR, bytes);
}

TEST_CASE("a route by a gateway") {
    const auto found = parsed(parse_route, route(24, RTN_UNICAST, RT_TABLE_MAIN, to_other_node()));
    REQUIRE(found);
    CHECK_EQ(found->network, "10.244.2.0");
    CHECK_EQ(found->length, 24);
    CHECK_EQ(found->gateway, "10.244.2.0");
    CHECK_EQ(found->ifindex, 7);
}

TEST_CASE("what is no route by a gateway") {
    CHECK_FALSE(parsed(parse_route, route(24, RTN_BLACKHOLE, RT_TABLE_MAIN, to_other_node())));
    CHECK_FALSE(parsed(parse_route, route(24, RTN_UNICAST, RT_TABLE_LOCAL, to_other_node())));
    CHECK_FALSE(parsed(parse_route, route(24, RTN_UNICAST, RT_TABLE_MAIN,
                                          address_attribute(RTA_DST, AF_INET, "10.244.1.0") +
                                              number_attribute<std::uint32_t>(RTA_OIF, 7))));
    CHECK_FALSE(parsed(parse_route, neighbour(7, mac())));
}

TEST_CASE("a neighbour has a MAC, and of a tunnel the other end") {
    const auto found =
        parsed(parse_neighbour, neighbour(7, mac() + address_attribute(NDA_DST, AF_INET6, "fd00::2")));
    REQUIRE(found);
    CHECK_EQ(found->ifindex, 7);
    CHECK_EQ(found->mac, "02:42:0a:f4:01:0b");
    CHECK_EQ(found->address, "fd00::2");
    CHECK(parsed(parse_neighbour, neighbour(7, mac()))->address.empty());
    CHECK_FALSE(parsed(parse_neighbour, neighbour(0, mac())));
    CHECK_FALSE(parsed(parse_neighbour, neighbour(7, mac(8))));
    CHECK_FALSE(parsed(parse_neighbour, neighbour(7, address_attribute(NDA_DST, AF_INET, "10.0.0.1"))));
}

TEST_CASE("damaged messages on routes and neighbours are read within their bounds") {
    for_each_damaged(route(24, RTN_UNICAST, RT_TABLE_MAIN, to_other_node()),
                     [](const Bytes &bytes) { (void)parsed(parse_route, bytes); });
    for_each_damaged(neighbour(7, mac() + address_attribute(NDA_DST, AF_INET, "10.0.0.1")),
                     [](const Bytes &bytes) { (void)parsed(parse_neighbour, bytes); });
}

} // namespace
