// SPDX-License-Identifier: BSD-2-Clause
// Messages of rtnetlink made by hand, also cut and forged ones.
#include "kernel/link_messages.hpp"
#include "kernel/netlink.hpp"
#include "netlink_messages.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <doctest/doctest.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <string>
#include <vector>

using namespace brpath;
using namespace brpath::test;

namespace {

Bytes link_message(int ifindex, const Bytes &attributes) {
    ifinfomsg header{};
    header.ifi_index = ifindex;
    return message(RTM_NEWLINK, as_bytes(header) + attributes);
}

Bytes address_message(int family, const Bytes &attributes) {
    ifaddrmsg header{};
    header.ifa_family = static_cast<std::uint8_t>(family);
    return message(RTM_NEWADDR, as_bytes(header) + attributes);
}

Bytes number_message(const Bytes &attributes) {
    return message(RTM_NEWNSID, padded(as_bytes(rtgenmsg{})) + attributes, 0);
}

Bytes bridge_link() {
    const Bytes data = number_attribute<std::uint32_t>(IFLA_BR_AGEING_TIME, 30000) +
                       number_attribute<std::uint8_t>(IFLA_BR_NF_CALL_IPTABLES, 1) +
                       number_attribute<std::uint8_t>(IFLA_BR_NF_CALL_IP6TABLES, 0) +
                       number_attribute<std::uint8_t>(IFLA_BR_NF_CALL_ARPTABLES, 1);
    return link_message(2, text_attribute(IFLA_IFNAME, "cni0") +
                               attribute(IFLA_LINKINFO, text_attribute(IFLA_INFO_KIND, "bridge") +
                                                            attribute(NLA_F_NESTED | IFLA_INFO_DATA, data)));
}

Bytes port_link() {
    return link_message(5, text_attribute(IFLA_IFNAME, "veth-a") +
                               number_attribute<std::uint32_t>(IFLA_LINK, 4) +
                               number_attribute<std::uint32_t>(IFLA_MASTER, 2) +
                               number_attribute<std::int32_t>(IFLA_LINK_NETNSID, 0) +
                               attribute(IFLA_LINKINFO, text_attribute(IFLA_INFO_KIND, "veth") +
                                                            text_attribute(IFLA_INFO_SLAVE_KIND, "bridge")));
}

Bytes name_only(const std::string &name) { return link_message(1, text_attribute(IFLA_IFNAME, name)); }

} // namespace

TEST_CASE("link: a bridge and its attributes") {
    const auto link = parsed(parse_link, bridge_link());
    REQUIRE(link);
    CHECK(link->ifindex == 2);
    CHECK(link->name == "cni0");
    CHECK(link->kind == "bridge");
    CHECK(link->master == 0);
    CHECK_FALSE(link->is_bridge_port);
    REQUIRE(link->bridge);
    CHECK(link->bridge->call_iptables == true);
    CHECK(link->bridge->call_ip6tables == false);
    CHECK(link->bridge->call_arptables == true);
}

TEST_CASE("link: a port and its peer") {
    const auto link = parsed(parse_link, port_link());
    REQUIRE(link);
    CHECK(link->ifindex == 5);
    CHECK(link->name == "veth-a");
    CHECK(link->kind == "veth");
    CHECK(link->master == 2);
    CHECK(link->is_bridge_port);
    CHECK(link->peer_ifindex == 4);
    CHECK(link->peer_namespace == 0);
    CHECK_FALSE(link->bridge);
}

TEST_CASE("link: what absence means") {
    const auto bare = parsed(parse_link, name_only("eth0"));
    REQUIRE(bare);
    CHECK(bare->kind.empty());
    CHECK_FALSE(bare->is_bridge_port);
    CHECK(bare->peer_ifindex == std::nullopt);
    CHECK(bare->peer_namespace == std::nullopt);

    const Bytes kind = text_attribute(IFLA_INFO_KIND, "bridge");
    const auto bridge = parsed(parse_link, name_only("br0") + attribute(IFLA_LINKINFO, kind));
    REQUIRE(bridge);
    REQUIRE_MESSAGE(bridge->bridge, "a kernel without br_netfilter: a bridge without values");
    CHECK(bridge->bridge->call_iptables == std::nullopt);

    const auto numbers = parsed(parse_link, name_only("x") + number_attribute<std::uint32_t>(IFLA_LINK, 0) +
                                                number_attribute<std::int32_t>(IFLA_LINK_NETNSID, -1));
    REQUIRE(numbers);
    CHECK_MESSAGE(numbers->peer_ifindex == std::nullopt, "0: nothing below it");
    CHECK_MESSAGE(numbers->peer_namespace == std::nullopt, "-1: not assigned");

    const auto bond =
        parsed(parse_link,
               name_only("eth1") + attribute(IFLA_LINKINFO, text_attribute(IFLA_INFO_SLAVE_KIND, "bond")));
    REQUIRE(bond);
    CHECK_FALSE(bond->is_bridge_port);
}

TEST_CASE("link: the data are read by the kind, whichever comes first") {
    const Bytes data = attribute(IFLA_INFO_DATA, number_attribute<std::uint8_t>(IFLA_BR_NF_CALL_IPTABLES, 1));
    const auto late =
        parsed(parse_link,
               name_only("br0") + attribute(IFLA_LINKINFO, data + text_attribute(IFLA_INFO_KIND, "bridge")));
    REQUIRE(late);
    REQUIRE(late->bridge);
    CHECK(late->bridge->call_iptables == true);

    const auto other =
        parsed(parse_link,
               name_only("v") + attribute(IFLA_LINKINFO, text_attribute(IFLA_INFO_KIND, "vxlan") + data));
    REQUIRE(other);
    CHECK_FALSE(other->bridge);
}

TEST_CASE("link: too short to be read is as if absent") {
    const auto link = parsed(
        parse_link,
        name_only("x") + attribute(IFLA_LINK, Bytes(3)) + attribute(IFLA_MASTER, Bytes(1)) +
            attribute(IFLA_LINK_NETNSID, {}) +
            attribute(IFLA_LINKINFO, text_attribute(IFLA_INFO_KIND, "bridge") +
                                         attribute(IFLA_INFO_DATA, attribute(IFLA_BR_NF_CALL_IPTABLES, {}))));
    REQUIRE(link);
    CHECK(link->peer_ifindex == std::nullopt);
    CHECK(link->peer_namespace == std::nullopt);
    CHECK(link->master == 0);
    REQUIRE(link->bridge);
    CHECK(link->bridge->call_iptables == std::nullopt);
}

TEST_CASE("link: a name without its NUL ends where the attribute ends") {
    const Bytes name = {std::byte{'a'}, std::byte{'b'}, std::byte{'c'}, std::byte{'d'}};
    const auto link = parsed(parse_link, link_message(1, attribute(IFLA_IFNAME, name)));
    REQUIRE(link);
    CHECK(link->name == "abcd");
}

TEST_CASE("link: none") {
    CHECK_FALSE(parsed(parse_link, message(RTM_NEWLINK, {})));
    CHECK_FALSE(parsed(parse_link, message(RTM_NEWLINK, Bytes(sizeof(ifinfomsg) - 1))));
    CHECK_FALSE_MESSAGE(parsed(parse_link, link_message(1, {})), "no name");
    CHECK_FALSE_MESSAGE(parsed(parse_link, name_only("")), "an empty name");
    CHECK_FALSE_MESSAGE(parsed(parse_link, link_message(0, text_attribute(IFLA_IFNAME, "x"))), "no index");
    CHECK_FALSE_MESSAGE(parsed(parse_link, link_message(-1, text_attribute(IFLA_IFNAME, "x"))), "no index");
    ifinfomsg header{};
    header.ifi_index = 1;
    CHECK_FALSE(
        parsed(parse_link, message(RTM_DELLINK, as_bytes(header) + text_attribute(IFLA_IFNAME, "x"))));
}

TEST_CASE("messages cut at each byte, and with each 16 bits forged, stay within their bounds") {
    const Bytes whole_messages[] = {
        bridge_link(), port_link(),
        address_message(AF_INET6, address_attribute(IFA_ADDRESS, AF_INET6, "fd00::1")),
        number_message(number_attribute<std::int32_t>(NETNSA_NSID, 3))};
    const auto parse_all = [](const Bytes &bytes) {
        (void)parsed(parse_link, bytes);
        (void)parsed(parse_address, bytes);
        (void)parsed(parse_namespace_number, bytes);
    };
    for (const Bytes &whole : whole_messages)
        for_each_damaged(whole, parse_all);
    // The cut one is not just safe: what lies before the cut still counts.
    Bytes cut = port_link();
    cut.resize(cut.size() - 4);
    const auto link = parsed(parse_link, cut);
    REQUIRE(link);
    CHECK(link->name == "veth-a");
    CHECK(link->kind.empty());
}

TEST_CASE("address: which are told") {
    const struct {
        const char *text;
        int family;
        bool is_told;
    } cases[] = {
        {"10.224.1.34", AF_INET, true},  {"127.0.0.1", AF_INET, false},  {"127.255.255.255", AF_INET, false},
        {"126.0.0.1", AF_INET, true},    {"128.0.0.1", AF_INET, true},   {"169.254.20.10", AF_INET, false},
        {"169.253.0.1", AF_INET, true},  {"169.255.0.1", AF_INET, true}, {"fd00::1", AF_INET6, true},
        {"2001:db8::1", AF_INET6, true}, {"::1", AF_INET6, false},       {"::2", AF_INET6, true},
        {"fe80::1", AF_INET6, false},    {"febf::1", AF_INET6, false},   {"fec0::1", AF_INET6, true},
        {"fe00::1", AF_INET6, true},     {"7f00::1", AF_INET6, true},    {"a9fe::1", AF_INET6, true},
    };
    for (const auto &test : cases) {
        CAPTURE(test.text);
        const auto address =
            parsed(parse_address,
                   address_message(test.family, address_attribute(IFA_ADDRESS, test.family, test.text)));
        CHECK(address == (test.is_told ? std::optional<std::string>(test.text) : std::nullopt));
    }
}

TEST_CASE("address: its own, not the far end's") {
    const Bytes own = address_attribute(IFA_LOCAL, AF_INET, "10.0.0.1");
    const Bytes peer = address_attribute(IFA_ADDRESS, AF_INET, "10.0.0.2");
    CHECK(parsed(parse_address, address_message(AF_INET, own + peer)) == "10.0.0.1");
    CHECK(parsed(parse_address, address_message(AF_INET, peer + own)) == "10.0.0.1");
}

TEST_CASE("address: none") {
    const Bytes four = address_attribute(IFA_LOCAL, AF_INET, "10.0.0.1");
    CHECK_FALSE(parsed(parse_address, address_message(AF_INET, {})));
    CHECK_FALSE_MESSAGE(parsed(parse_address, address_message(AF_INET6, four)),
                        "4 bytes are no IPv6 address");
    CHECK_FALSE(parsed(parse_address, address_message(AF_INET, attribute(IFA_LOCAL, Bytes(3)))));
    CHECK_FALSE(parsed(parse_address, address_message(AF_INET, attribute(IFA_LOCAL, Bytes(5)))));
    CHECK_FALSE(parsed(parse_address, address_message(AF_BRIDGE, four)));
    CHECK_FALSE(parsed(parse_address, message(RTM_NEWADDR, Bytes(sizeof(ifaddrmsg) - 1))));
    CHECK_FALSE(parsed(parse_address, bridge_link()));
}

TEST_CASE("number of a namespace") {
    const auto number = [](std::int32_t value) {
        return parsed(parse_namespace_number, number_message(number_attribute(NETNSA_NSID, value)));
    };
    CHECK(number(0) == 0);
    CHECK(number(17) == 17);
    CHECK(number(NETNSA_NSID_NOT_ASSIGNED) == std::nullopt);
    CHECK(parsed(parse_namespace_number, number_message({})) == std::nullopt);
    CHECK(parsed(parse_namespace_number, number_message(attribute(NETNSA_NSID, Bytes(2)))) == std::nullopt);
    CHECK(parsed(parse_namespace_number, message(RTM_NEWNSID, {}, 0)) == std::nullopt);
    CHECK(parsed(parse_namespace_number, bridge_link()) == std::nullopt);
}

namespace {

struct Walk {
    DatagramStatus status;
    std::vector<int> types;
};

Walk walk(Bytes datagram) {
    datagram.shrink_to_fit();
    Walk result;
    result.status = read_datagram(datagram, sequence,
                                  [&](const nlmsghdr &found) { result.types.push_back(found.nlmsg_type); });
    return result;
}

const Bytes done = message(NLMSG_DONE, as_bytes(0));

} // namespace

TEST_CASE("datagram: what is done, what goes on, what fails") {
    const Bytes link = message(RTM_NEWLINK, Bytes(5)); // a length that needs padding
    const Bytes single = message(RTM_NEWNSID, Bytes(4), 0);
    const Bytes shaken = message(RTM_NEWLINK, {}, NLM_F_MULTI | NLM_F_DUMP_INTR);
    const Bytes shaken_done = message(NLMSG_DONE, as_bytes(0), NLM_F_MULTI | NLM_F_DUMP_INTR);
    const Bytes other = message(RTM_NEWLINK, {}, NLM_F_MULTI | NLM_F_DUMP_INTR, sequence + 1);
    const Bytes other_error = message(NLMSG_ERROR, as_bytes(-EPERM), 0, sequence - 1);
    const struct {
        const char *what;
        Bytes datagram;
        std::vector<int> types;
        DatagramStatus status; // done, interrupted, error
    } cases[] = {
        {"part of a dump", link + link, {RTM_NEWLINK, RTM_NEWLINK}, {false, false, 0}},
        {"its end", link + done, {RTM_NEWLINK}, {true, false, 0}},
        {"nothing behind the end", done + link, {}, {true, false, 0}},
        {"an end without a number", message(NLMSG_DONE, {}), {}, {true, false, 0}},
        {"an end that is a failure", message(NLMSG_DONE, as_bytes(-EMSGSIZE)), {}, {true, false, EMSGSIZE}},
        {"one reply", single, {RTM_NEWNSID}, {true, false, 0}},
        {"refused", message(NLMSG_ERROR, as_bytes(-EPERM), 0), {}, {true, false, EPERM}},
        {"acknowledged", message(NLMSG_ERROR, as_bytes(0), 0), {}, {true, false, 0}},
        {"an error without a number", message(NLMSG_ERROR, {}, 0), {}, {true, false, EBADMSG}},
        {"interrupted", shaken + done, {RTM_NEWLINK}, {true, true, 0}},
        {"interrupted at the end", link + shaken_done, {RTM_NEWLINK}, {true, true, 0}},
        {"interrupted before", shaken, {RTM_NEWLINK}, {false, true, 0}},
        {"no message", message(NLMSG_NOOP, {}, 0) + link, {RTM_NEWLINK}, {false, false, 0}},
        {"answers to others", other + other_error + link, {RTM_NEWLINK}, {false, false, 0}},
        {"empty", {}, {}, {false, false, EBADMSG}},
        {"less than a header", Bytes(15), {}, {false, false, EBADMSG}},
        {"a rest at the end", link + Bytes(4), {RTM_NEWLINK}, {false, false, EBADMSG}},
    };
    for (const auto &test : cases) {
        CAPTURE(test.what);
        const Walk result = walk(test.datagram);
        CHECK(result.types == test.types);
        CHECK(result.status.done == test.status.done);
        CHECK(result.status.interrupted == test.status.interrupted);
        CHECK(result.status.error == test.status.error);
    }
}

TEST_CASE("datagram: the last message may lack its padding") {
    Bytes datagram = message(RTM_NEWLINK, Bytes(5));
    datagram.resize(sizeof(nlmsghdr) + 5);
    const Walk result = walk(datagram);
    CHECK(result.types == std::vector<int>{RTM_NEWLINK});
    CHECK(result.status.error == 0);
}

TEST_CASE("datagram: a length that cannot be is refused") {
    const Bytes link = message(RTM_NEWLINK, Bytes(8));
    for (const std::uint32_t length :
         {0U, 1U, 15U, 25U, 0x7fffffffU, 0x80000000U, 0xfffffffcU, 0xffffffffU}) {
        CAPTURE(length);
        Bytes forged = link;
        std::memcpy(forged.data(), &length, sizeof(length));
        const Walk result = walk(link + forged);
        CHECK(result.types == std::vector<int>{RTM_NEWLINK});
        CHECK(result.status.error == EBADMSG);
        CHECK_FALSE(result.status.done);
    }
}

TEST_CASE("datagram: cut at each byte it never looks complete") {
    const Bytes whole = message(RTM_NEWLINK, Bytes(8)) + done;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CAPTURE(size);
        CHECK_FALSE(
            walk(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))).status.done);
    }
    CHECK(walk(whole).status.done);
}
