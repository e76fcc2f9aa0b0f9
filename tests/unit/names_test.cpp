// SPDX-License-Identifier: BSD-2-Clause
#include "names/names.hpp"

#include "names/neighbours.hpp"
#include "temporary_folder.hpp"

#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <string>

using namespace brpath;

namespace {

using brpath::test::TemporaryFolder;

Link device(std::uint32_t ifindex, const std::string &name, const std::string &kind) {
    Link link;
    link.ifindex = ifindex;
    link.name = name;
    link.kind = kind;
    return link;
}

Link port(std::uint32_t ifindex, const std::string &name, std::uint32_t bridge,
          std::optional<std::int32_t> peer_namespace = std::nullopt) {
    Link link = device(ifindex, name, "veth");
    link.master = bridge;
    link.is_bridge_port = true;
    link.peer_namespace = peer_namespace;
    return link;
}

} // namespace

TEST_CASE("hosts: good files") {
    const struct {
        const char *what;
        std::string_view text;
        AddressNames expected;
    } cases[] = {
        {"empty", "", {}},
        {"blank lines and comments", "\n \t\n# 10.0.0.1 a\n  # x\r\n\r\n", {}},
        {"one", "10.0.0.1 cart\n", {{"10.0.0.1", "cart"}}},
        {"no newline at the end", "10.0.0.1 cart", {{"10.0.0.1", "cart"}}},
        {"the first of several names", "10.0.0.1 cart cart.shop c\n", {{"10.0.0.1", "cart"}}},
        {"tabs and blanks around", " \t10.0.0.1\t \tcart\t \n", {{"10.0.0.1", "cart"}}},
        {"CRLF", "10.0.0.1 cart\r\n10.0.0.2 web\r\n", {{"10.0.0.1", "cart"}, {"10.0.0.2", "web"}}},
        {"a comment behind",
         "10.0.0.1 cart#x\n10.0.0.2 web # y\n",
         {{"10.0.0.1", "cart"}, {"10.0.0.2", "web"}}},
        {"IPv6 in its one spelling", "2001:DB8:0:0::0001 db\n", {{"2001:db8::1", "db"}}},
        {"IPv4 in IPv6 stays IPv6", "::ffff:10.0.0.1 a\n", {{"::ffff:10.0.0.1", "a"}}},
        {"the first line wins", "fd00::1 a\nfd00:0::1 b\n", {{"fd00::1", "a"}}},
        {"a byte order mark",
         "\xef\xbb\xbf"
         "10.0.0.1 cart\n",
         {{"10.0.0.1", "cart"}}},
        {"a name that would paint the terminal", "10.0.0.1 \x1b[31mcart\xff\n", {{"10.0.0.1", "?[31mcart?"}}},
        {"a name beyond ASCII",
         "10.0.0.1 k\xc3\xbc"
         "che\n",
         {{"10.0.0.1", "k\xc3\xbc"
                       "che"}}},
    };
    for (const auto &test : cases) {
        CAPTURE(test.what);
        const auto names = parse_hosts(test.text, "FILE");
        REQUIRE(names);
        CHECK(*names == test.expected);
    }
}

TEST_CASE("hosts: the first broken line is named") {
    const struct {
        std::string text;
        std::string why;
    } cases[] = {
        {"x", "line 1: 'x' is not an IP address"},
        {"# c\n\n10.0.0.1 a\nx b\ny c\n", "line 4: 'x' is not an IP address"},
        {"10.0.0.1 a\r\n\r\n10.0.0.256 b\r\n", "line 3: '10.0.0.256' is not an IP address"},
        {"10.0.1 a\n", "line 1: '10.0.1' is not an IP address"},
        {"010.0.0.1 a\n", "line 1: '010.0.0.1' is not an IP address"},
        {"10.0.0.0/8 a\n", "line 1: '10.0.0.0/8' is not an IP address"},
        {"fe80::1%eth0 a\n", "line 1: 'fe80::1%eth0' is not an IP address"},
        {"1::2::3 a\n", "line 1: '1::2::3' is not an IP address"},
        {"cart 10.0.0.1\n", "line 1: 'cart' is not an IP address"},
        {"10.0.0.1\n", "line 1: 10.0.0.1 has no name"},
        {"10.0.0.1 \t # cart\n", "line 1: 10.0.0.1 has no name"},
        {std::string("10.0.0.1\0x a\n", 13), "line 1: '10.0.0.1?x' is not an IP address"},
        {"\x1b]0;x a\n", "line 1: '?]0;x' is not an IP address"},
        {std::string(5000, 'x'), "line 1: '" + std::string(60, 'x') + "...' is not an IP address"},
    };
    for (const auto &test : cases) {
        CAPTURE(test.text);
        const auto names = parse_hosts(test.text, "FILE");
        REQUIRE_FALSE(names);
        CHECK(names.error().kind == ErrorKind::usage);
        CHECK(names.error().tried == "read names from FILE");
        CHECK(names.error().why == test.why);
        CHECK_FALSE(names.error().hint.empty());
    }
}

TEST_CASE("names file: what cannot be read is a wrong argument") {
    const TemporaryFolder folder;
    Names names;
    const auto missing = names.load_file(folder.path() + "/nothing");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().kind == ErrorKind::usage);
    CHECK(missing.error().tried == "read names from " + folder.path() + "/nothing");
    CHECK(missing.error().why == "No such file or directory");

    const auto is_folder = names.load_file(folder.path());
    REQUIRE_FALSE(is_folder);
    CHECK(is_folder.error().kind == ErrorKind::usage);
    CHECK(is_folder.error().why == "Is a directory");

    const auto endless = names.load_file("/dev/zero");
    REQUIRE_FALSE(endless);
    CHECK(endless.error().why == "File too large");
}

TEST_CASE("names file: all of it or nothing, and a later one renews") {
    const TemporaryFolder folder;
    Names names;
    CHECK(names.address("10.0.0.1") == std::nullopt);
    CHECK(names.port(1) == nullptr);

    REQUIRE(names.load_file(folder.write("a", "10.0.0.1 cart\n10.0.0.2 web\n")));
    CHECK(names.address("10.0.0.1") == "cart");

    const auto broken = names.load_file(folder.write("b", "10.0.0.1 other\noops\n"));
    REQUIRE_FALSE(broken);
    CHECK(broken.error().tried == "read names from " + folder.path() + "/b");
    CHECK(names.address("10.0.0.1") == "cart");

    REQUIRE(names.load_file(folder.write("c", "10.0.0.1 cart-2\n")));
    CHECK(names.address("10.0.0.1") == "cart-2");
    CHECK(names.address("10.0.0.2") == "web");
    CHECK(names.address("10.0.0.3") == std::nullopt);
}

TEST_CASE("ports: only devices in a bridge, with the namespace behind them") {
    Link tunnel = port(6, "vxlan0", 2, 1);
    tunnel.kind = "vxlan";
    Link in_bond = device(7, "eth1", "");
    in_bond.master = 9;
    const std::vector<Link> links = {
        device(1, "lo", ""),
        device(2, "cni0", "bridge"),
        port(3, "veth-a", 2, 0),
        port(4, "veth\x1b", 2, 5),
        port(5, "eth0", 99),
        tunnel,
        in_bond,
    };
    const auto ports = name_ports(links, {{0, {"pod-a", {}}}, {1, {"other", {}}}});
    REQUIRE(ports.size() == 4);

    CHECK(ports.at(3).device == "veth-a");
    CHECK(ports.at(3).bridge == "cni0");
    CHECK(ports.at(3).bridge_ifindex == 2);
    CHECK(ports.at(3).endpoint == "pod-a");

    CHECK(ports.at(4).device == "veth?");
    CHECK_MESSAGE(ports.at(4).endpoint.empty(), "its namespace has no name");

    CHECK_MESSAGE(ports.at(5).bridge.empty(), "its bridge went while the devices were listed");
    CHECK(ports.at(5).bridge_ifindex == 99);
    CHECK(ports.at(5).endpoint.empty());

    CHECK_MESSAGE(ports.at(6).endpoint.empty(), "a tunnel's frames do not end in that namespace");
}

TEST_CASE("ports: kept, renewed, replaced") {
    PortNames known;
    renew_ports(known, {{3, {"veth-a", "cni0", 2, "pod-a"}}, {4, {"veth-b", "cni0", 2, "pod-b"}}});

    renew_ports(known, {});
    CHECK_MESSAGE(known.size() == 2, "ports that are gone stay known");

    renew_ports(known, {{3, {"veth-a", "cni1", 8, ""}}, {4, {"veth-c", "cni0", 2, ""}}});
    CHECK(known.at(3).bridge == "cni1");
    CHECK(known.at(3).bridge_ifindex == 8);
    CHECK_MESSAGE(known.at(3).endpoint == "pod-a", "the same device: its namespace is only no longer found");
    CHECK(known.at(4).device == "veth-c");
    CHECK_MESSAGE(known.at(4).endpoint.empty(), "another device: the old one's namespace is not its own");

    renew_ports(known, {{3, {"veth-a", "cni1", 8, "pod-x"}}});
    CHECK(known.at(3).endpoint == "pod-x");
}

TEST_CASE("names of what is gone are kept, but not without a bound") {
    PortNames ports;
    for (std::uint32_t ifindex = 1; ifindex <= 11; ifindex++)
        renew_ports(ports, {{2, {"veth-b", "cni0", 1, "pod-b"}}, {ifindex, {"veth", "cni0", 1, ""}}}, 5);
    CHECK(ports.size() == 5);
    CHECK_MESSAGE(ports.contains(2), "the oldest, but it is there");
    CHECK_MESSAGE(ports.contains(8), "gone, but not for long");

    AddressNames addresses;
    for (int number = 1; number <= 11; number++) {
        renew_addresses(
            addresses, {{0, {"pod-a", {"10.0.0.0"}}}, {1, {"pod", {"10.0.0." + std::to_string(number)}}}}, 5);
        CHECK(addresses.size() <= 5);
        CHECK(addresses.contains("10.0.0.0"));
        CHECK(addresses.contains("10.0.0." + std::to_string(number)));
    }
}

TEST_CASE("addresses: kept, renewed, and not guessed") {
    AddressNames known;
    renew_addresses(known, {{0, {"pod-a", {"10.0.0.1", "fd00::1"}}}, {1, {"pod-b", {"10.0.0.2"}}}});
    CHECK(known == AddressNames{{"10.0.0.1", "pod-a"}, {"10.0.0.2", "pod-b"}, {"fd00::1", "pod-a"}});

    renew_addresses(known, {});
    CHECK(known.size() == 3);

    renew_addresses(known, {{2, {"pod-c", {"10.0.0.2"}}}});
    CHECK_MESSAGE(known.at("10.0.0.2") == "pod-c", "the address was given to another");

    renew_addresses(known, {{0, {"pod-a", {"10.0.0.1", "10.0.0.1"}}}});
    CHECK_MESSAGE(known.at("10.0.0.1") == "pod-a", "twice in one namespace is one owner");

    renew_addresses(known, {{0, {"pod-a", {"10.0.0.1"}}}, {3, {"pod-d", {"10.0.0.1", "10.0.0.4"}}}});
    CHECK_MESSAGE(!known.contains("10.0.0.1"), "which of the two it was cannot be known");
    CHECK(known.at("10.0.0.4") == "pod-d");
}
