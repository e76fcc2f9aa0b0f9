// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/conntrack_messages.hpp"

#include "kernel/attributes.hpp"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace brpath {

namespace {

using Bytes = std::span<const std::byte>;

constexpr int new_entry = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;

// One direction, as its attributes tell it.
struct Direction {
    brpath_tuple tuple{};
    std::uint8_t protocol = 0;
    std::optional<std::uint16_t> zone;
    bool has_source = false;
    bool has_destination = false;
    bool has_protocol = false;

    [[nodiscard]] bool is_whole() const { return has_source && has_destination && has_protocol; }
};

// Conntrack's numbers are in network order.
std::optional<std::uint16_t> number16(const nlattr &attribute) {
    const auto number = attribute_number<std::uint16_t>(attribute);
    return number ? std::optional(ntohs(*number)) : std::nullopt;
}

bool copy_address(const nlattr &attribute, std::size_t size, __u8 (&address)[16]) {
    const Bytes payload = attribute_payload(attribute);
    if (payload.size() != size)
        return false;
    std::memcpy(address, payload.data(), size);
    return true;
}

void parse_addresses(Bytes attributes, bool ipv6, Direction &direction) {
    const std::size_t size = ipv6 ? sizeof(in6_addr) : sizeof(in_addr);
    for_each_attribute(attributes, [&](const nlattr &attribute) {
        const int type = mnl_attr_get_type(&attribute);
        if (type == (ipv6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC))
            direction.has_source = copy_address(attribute, size, direction.tuple.saddr);
        else if (type == (ipv6 ? CTA_IP_V6_DST : CTA_IP_V4_DST))
            direction.has_destination = copy_address(attribute, size, direction.tuple.daddr);
    });
}

bool has_ports(std::uint8_t protocol) {
    return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

bool is_icmp(std::uint8_t protocol) { return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6; }

void parse_protocol(Bytes attributes, Direction &direction) {
    std::uint16_t source_port = 0, destination_port = 0, identifier = 0;
    for_each_attribute(attributes, [&](const nlattr &attribute) {
        switch (mnl_attr_get_type(&attribute)) {
        case CTA_PROTO_NUM:
            direction.protocol = attribute_number<std::uint8_t>(attribute).value_or(0);
            direction.has_protocol = !attribute_payload(attribute).empty();
            break;
        case CTA_PROTO_SRC_PORT:
            source_port = number16(attribute).value_or(0);
            break;
        case CTA_PROTO_DST_PORT:
            destination_port = number16(attribute).value_or(0);
            break;
        case CTA_PROTO_ICMP_ID:
        case CTA_PROTO_ICMPV6_ID:
            identifier = number16(attribute).value_or(0);
            break;
        default:
            break;
        }
    });
    if (has_ports(direction.protocol)) {
        direction.tuple.sport = source_port;
        direction.tuple.dport = destination_port;
    } else if (is_icmp(direction.protocol)) {
        direction.tuple.sport = direction.tuple.dport = identifier;
    }
}

Direction parse_direction(Bytes attributes, bool ipv6) {
    Direction direction;
    for_each_attribute(attributes, [&](const nlattr &attribute) {
        switch (mnl_attr_get_type(&attribute)) {
        case CTA_TUPLE_IP:
            parse_addresses(attribute_payload(attribute), ipv6, direction);
            break;
        case CTA_TUPLE_PROTO:
            parse_protocol(attribute_payload(attribute), direction);
            break;
        case CTA_TUPLE_ZONE:
            direction.zone = number16(attribute);
            break;
        default:
            break;
        }
    });
    return direction;
}

} // namespace

std::optional<ConntrackEntry> parse_conntrack(const nlmsghdr &message) {
    const auto header = family_header<nfgenmsg>(message, new_entry);
    if (!header || (header->nfgen_family != AF_INET && header->nfgen_family != AF_INET6))
        return std::nullopt;
    ConntrackEntry entry;
    entry.ipv6 = header->nfgen_family == AF_INET6;
    Direction original, reply;
    std::optional<std::uint16_t> zone_of_both;
    for_each_attribute(attributes_behind(message, sizeof(*header)), [&](const nlattr &attribute) {
        switch (mnl_attr_get_type(&attribute)) {
        case CTA_TUPLE_ORIG:
            original = parse_direction(attribute_payload(attribute), entry.ipv6);
            break;
        case CTA_TUPLE_REPLY:
            reply = parse_direction(attribute_payload(attribute), entry.ipv6);
            break;
        case CTA_STATUS:
            entry.status = ntohl(attribute_number<std::uint32_t>(attribute).value_or(0));
            break;
        case CTA_ZONE:
            zone_of_both = number16(attribute);
            break;
        default:
            break;
        }
    });
    if (!original.is_whole() || !reply.is_whole() || original.protocol != reply.protocol)
        return std::nullopt;
    entry.protocol = original.protocol;
    entry.original = original.tuple;
    entry.reply = reply.tuple;
    entry.zone = zone_of_both.value_or(original.zone.value_or(0));
    return entry;
}

} // namespace brpath
