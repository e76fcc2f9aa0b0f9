// SPDX-License-Identifier: BSD-2-Clause
// Messages of ctnetlink made by hand, also cut and forged ones.
#include "kernel/conntrack_messages.hpp"
#include "netlink_messages.hpp"

#include <arpa/inet.h>
#include <cstring>
#include <doctest/doctest.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <string>

using namespace brpath;
using namespace brpath::test;

namespace {

constexpr int new_entry = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;

Bytes number16(std::uint16_t type, int number) {
    return number_attribute<std::uint16_t>(type, htons(static_cast<std::uint16_t>(number)));
}

Bytes nested(std::uint16_t type, const Bytes &payload) { return attribute(NLA_F_NESTED | type, payload); }

Bytes addresses(int family, const char *source, const char *destination) {
    const bool ipv6 = family == AF_INET6;
    return nested(CTA_TUPLE_IP,
                  address_attribute(ipv6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC, family, source) +
                      address_attribute(ipv6 ? CTA_IP_V6_DST : CTA_IP_V4_DST, family, destination));
}

Bytes number_of(int protocol) {
    return number_attribute<std::uint8_t>(CTA_PROTO_NUM, static_cast<std::uint8_t>(protocol));
}

Bytes ports(int protocol, int source, int destination) {
    return nested(CTA_TUPLE_PROTO, number_of(protocol) + number16(CTA_PROTO_SRC_PORT, source) +
                                       number16(CTA_PROTO_DST_PORT, destination));
}

Bytes icmp(int protocol, int identifier, int type) {
    const bool ipv6 = protocol == IPPROTO_ICMPV6;
    return nested(CTA_TUPLE_PROTO, number_of(protocol) +
                                       number16(ipv6 ? CTA_PROTO_ICMPV6_ID : CTA_PROTO_ICMP_ID, identifier) +
                                       number_attribute(ipv6 ? CTA_PROTO_ICMPV6_TYPE : CTA_PROTO_ICMP_TYPE,
                                                        static_cast<std::uint8_t>(type)));
}

Bytes status(std::uint32_t bits) { return number_attribute<std::uint32_t>(CTA_STATUS, htonl(bits)); }

Bytes entry_message(int family, const Bytes &attributes, int type = new_entry) {
    nfgenmsg header{};
    header.nfgen_family = static_cast<std::uint8_t>(family);
    return message(type, as_bytes(header) + attributes);
}

// A client's connection to a Service, whose destination is translated.
Bytes original() {
    return nested(CTA_TUPLE_ORIG,
                  addresses(AF_INET, "10.0.0.2", "10.96.0.1") + ports(IPPROTO_TCP, 40000, 80));
}

Bytes reply() {
    return nested(CTA_TUPLE_REPLY,
                  addresses(AF_INET, "10.0.0.3", "10.0.0.2") + ports(IPPROTO_TCP, 8080, 40000));
}

Bytes service_entry() {
    return entry_message(AF_INET,
                         original() + reply() + status(IPS_CONFIRMED | IPS_DST_NAT) + number16(CTA_ZONE, 9));
}

std::string text(bool ipv6, const __u8 (&address)[16]) {
    char buffer[INET6_ADDRSTRLEN];
    REQUIRE(::inet_ntop(ipv6 ? AF_INET6 : AF_INET, address, buffer, sizeof(buffer)) != nullptr);
    for (std::size_t at = 4; at < 16 && !ipv6; ++at)
        CHECK(address[at] == 0);
    return buffer;
}

std::string text(bool ipv6, const brpath_tuple &tuple) {
    return text(ipv6, tuple.saddr) + " " + std::to_string(tuple.sport) + " > " + text(ipv6, tuple.daddr) +
           " " + std::to_string(tuple.dport);
}

} // namespace

TEST_CASE("conntrack: an entry whose destination is translated") {
    const auto entry = parsed(parse_conntrack, service_entry());
    REQUIRE(entry);
    CHECK_FALSE(entry->ipv6);
    CHECK(entry->protocol == IPPROTO_TCP);
    CHECK(text(false, entry->original) == "10.0.0.2 40000 > 10.96.0.1 80");
    CHECK(text(false, entry->reply) == "10.0.0.3 8080 > 10.0.0.2 40000");
    CHECK(entry->status == (IPS_CONFIRMED | IPS_DST_NAT));
    CHECK(entry->zone == 9);
}

TEST_CASE("conntrack: each protocol") {
    const struct {
        const char *what;
        int family;
        int protocol;
        Bytes bytes;
        const char *expected;
    } cases[] = {
        {"TCP", AF_INET, IPPROTO_TCP, ports(IPPROTO_TCP, 1, 65535), "10.0.0.2 1 > 10.0.0.3 65535"},
        {"UDP", AF_INET, IPPROTO_UDP, ports(IPPROTO_UDP, 5353, 53), "10.0.0.2 5353 > 10.0.0.3 53"},
        {"SCTP", AF_INET, IPPROTO_SCTP, ports(IPPROTO_SCTP, 2905, 36412), "10.0.0.2 2905 > 10.0.0.3 36412"},
        {"ICMP", AF_INET, IPPROTO_ICMP, icmp(IPPROTO_ICMP, 258, 8), "10.0.0.2 258 > 10.0.0.3 258"},
        {"UDP over IPv6", AF_INET6, IPPROTO_UDP, ports(IPPROTO_UDP, 5353, 53), "fd00::2 5353 > fd00::3 53"},
        {"ICMPv6", AF_INET6, IPPROTO_ICMPV6, icmp(IPPROTO_ICMPV6, 259, 128), "fd00::2 259 > fd00::3 259"},
        {"a GRE key is no port", AF_INET, IPPROTO_GRE, ports(IPPROTO_GRE, 7, 8), "10.0.0.2 0 > 10.0.0.3 0"},
        {"no ports", AF_INET, IPPROTO_ESP, nested(CTA_TUPLE_PROTO, number_of(IPPROTO_ESP)),
         "10.0.0.2 0 > 10.0.0.3 0"},
        {"ports too short", AF_INET, IPPROTO_TCP,
         nested(CTA_TUPLE_PROTO, number_of(IPPROTO_TCP) + attribute(CTA_PROTO_SRC_PORT, Bytes(1))),
         "10.0.0.2 0 > 10.0.0.3 0"},
    };
    for (const auto &test : cases) {
        CAPTURE(test.what);
        const bool ipv6 = test.family == AF_INET6;
        const Bytes tuple = (ipv6 ? addresses(test.family, "fd00::2", "fd00::3")
                                  : addresses(test.family, "10.0.0.2", "10.0.0.3")) +
                            test.bytes;
        const auto entry =
            parsed(parse_conntrack, entry_message(test.family, nested(CTA_TUPLE_ORIG, tuple) +
                                                                   nested(CTA_TUPLE_REPLY, tuple)));
        REQUIRE(entry);
        CHECK(entry->ipv6 == ipv6);
        CHECK(entry->protocol == test.protocol);
        CHECK(text(ipv6, entry->original) == test.expected);
        CHECK(text(ipv6, entry->reply) == test.expected);
    }
}

TEST_CASE("conntrack: what the status says") {
    const struct {
        std::uint32_t status;
        bool is_unreplied, is_translated, has_service;
    } cases[] = {
        {0, true, false, false},
        {IPS_SEEN_REPLY, false, false, false},
        {IPS_SRC_NAT, true, true, false},
        {IPS_DST_NAT, true, true, true},
        {IPS_SRC_NAT | IPS_DST_NAT | IPS_SEEN_REPLY | IPS_ASSURED, false, true, true},
        // Done: looked for, and perhaps nothing to do.
        {IPS_SRC_NAT_DONE | IPS_DST_NAT_DONE, true, false, false},
    };
    for (const auto &test : cases) {
        CAPTURE(test.status);
        const auto entry =
            parsed(parse_conntrack, entry_message(AF_INET, original() + reply() + status(test.status)));
        REQUIRE(entry);
        CHECK(entry->is_unreplied() == test.is_unreplied);
        CHECK(entry->is_translated() == test.is_translated);
        CHECK(entry->has_service() == test.has_service);
    }
}

TEST_CASE("conntrack: zones") {
    const auto in_zone = [](std::uint16_t attribute_type, int zone) {
        return nested(attribute_type, addresses(AF_INET, "10.0.0.2", "10.0.0.3") + ports(IPPROTO_TCP, 1, 2) +
                                          number16(CTA_TUPLE_ZONE, zone));
    };
    const auto zone_of = [](const Bytes &attributes) {
        const auto entry = parsed(parse_conntrack, entry_message(AF_INET, attributes));
        REQUIRE(entry);
        return entry->zone;
    };
    CHECK(zone_of(original() + reply()) == 0);
    CHECK(zone_of(original() + reply() + number16(CTA_ZONE, 258)) == 258);
    CHECK(zone_of(in_zone(CTA_TUPLE_ORIG, 3) + reply()) == 3);
    CHECK(zone_of(original() + in_zone(CTA_TUPLE_REPLY, 3)) == 0);
}

TEST_CASE("conntrack: none") {
    const auto none = [](const Bytes &bytes) { return !parsed(parse_conntrack, bytes); };
    const Bytes tcp = ports(IPPROTO_TCP, 1, 2);
    CHECK(none(message(new_entry, {})));
    CHECK(none(message(new_entry, Bytes(sizeof(nfgenmsg) - 1))));
    CHECK(none(entry_message(AF_INET, {})));
    CHECK(none(entry_message(AF_INET, original())));
    CHECK(none(entry_message(AF_INET, reply())));
    CHECK_MESSAGE(none(entry_message(AF_INET6, original() + reply())), "addresses of another family");
    CHECK_MESSAGE(none(entry_message(AF_UNSPEC, original() + reply())), "no IP");
    CHECK(none(
        entry_message(AF_INET, original() + reply(), NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE)));
    CHECK(none(entry_message(AF_INET, original() + reply(), NFNL_SUBSYS_CTNETLINK_EXP << 8)));

    const Bytes two = addresses(AF_INET, "10.0.0.2", "10.0.0.3");
    const Bytes one = nested(CTA_TUPLE_IP, address_attribute(CTA_IP_V4_SRC, AF_INET, "10.0.0.2"));
    const Bytes long_one = nested(CTA_TUPLE_IP, address_attribute(CTA_IP_V4_SRC, AF_INET, "10.0.0.2") +
                                                    attribute(CTA_IP_V4_DST, Bytes(16)));
    const Bytes short_one = nested(CTA_TUPLE_IP, address_attribute(CTA_IP_V4_DST, AF_INET, "10.0.0.2") +
                                                     attribute(CTA_IP_V4_SRC, Bytes(3)));
    for (const Bytes &broken :
         {Bytes{}, tcp, two, one + tcp, long_one + tcp, short_one + tcp,
          two + nested(CTA_TUPLE_PROTO, attribute(CTA_PROTO_NUM, {})), two + ports(IPPROTO_UDP, 1, 2)})
        CHECK(none(entry_message(AF_INET, original() + nested(CTA_TUPLE_REPLY, broken))));
}

TEST_CASE("conntrack: damaged messages stay within their bounds") {
    const Bytes tuple = addresses(AF_INET6, "fd00::2", "fd00::3") + icmp(IPPROTO_ICMPV6, 1, 128);
    for (const Bytes &whole : {service_entry(), entry_message(AF_INET6, nested(CTA_TUPLE_ORIG, tuple) +
                                                                            nested(CTA_TUPLE_REPLY, tuple))})
        for_each_damaged(whole, [](const Bytes &bytes) { (void)parsed(parse_conntrack, bytes); });
}
