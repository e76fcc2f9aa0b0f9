// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/link_messages.hpp"

#include "kernel/attributes.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <span>
#include <sys/socket.h>

namespace brpath {

namespace {

using Bytes = std::span<const std::byte>;

std::optional<bool> attribute_flag(const nlattr &attribute) {
    const auto number = attribute_number<std::uint8_t>(attribute);
    if (!number)
        return std::nullopt;
    return *number != 0;
}

BridgeAttributes parse_bridge(Bytes info_data) {
    BridgeAttributes bridge;
    for_each_attribute(info_data, [&](const nlattr &attribute) {
        switch (mnl_attr_get_type(&attribute)) {
        case IFLA_BR_NF_CALL_IPTABLES:
            bridge.call_iptables = attribute_flag(attribute);
            break;
        case IFLA_BR_NF_CALL_IP6TABLES:
            bridge.call_ip6tables = attribute_flag(attribute);
            break;
        case IFLA_BR_NF_CALL_ARPTABLES:
            bridge.call_arptables = attribute_flag(attribute);
            break;
        default:
            break;
        }
    });
    return bridge;
}

void parse_link_info(Bytes link_info, Link &link) {
    Bytes info_data; // its meaning depends on the kind, which need not come first
    for_each_attribute(link_info, [&](const nlattr &attribute) {
        switch (mnl_attr_get_type(&attribute)) {
        case IFLA_INFO_KIND:
            link.kind = attribute_text(attribute);
            break;
        case IFLA_INFO_DATA:
            info_data = attribute_payload(attribute);
            break;
        case IFLA_INFO_SLAVE_KIND:
            link.is_bridge_port = attribute_text(attribute) == "bridge";
            break;
        default:
            break;
        }
    });
    if (link.kind == "bridge")
        link.bridge = parse_bridge(info_data);
    if (link.kind == "vlan")
        for_each_attribute(info_data, [&](const nlattr &attribute) {
            if (mnl_attr_get_type(&attribute) == IFLA_VLAN_ID)
                link.vlan_id = attribute_number<std::uint16_t>(attribute);
        });
}

void parse_link_attribute(const nlattr &attribute, Link &link) {
    switch (mnl_attr_get_type(&attribute)) {
    case IFLA_IFNAME:
        link.name = attribute_text(attribute);
        break;
    case IFLA_MASTER:
        link.master = attribute_number<std::uint32_t>(attribute).value_or(0);
        break;
    case IFLA_LINK:
        link.peer_ifindex = attribute_number<std::uint32_t>(attribute);
        if (link.peer_ifindex == 0U) // a tunnel without a device below it
            link.peer_ifindex.reset();
        break;
    case IFLA_LINK_NETNSID:
        link.peer_namespace = attribute_number<std::int32_t>(attribute);
        if (link.peer_namespace < 0) // NETNSA_NSID_NOT_ASSIGNED
            link.peer_namespace.reset();
        break;
    case IFLA_LINKINFO:
        parse_link_info(attribute_payload(attribute), link);
        break;
    default:
        break;
    }
}

// 127.0.0.0/8 and ::1; 169.254.0.0/16 and fe80::/10.
bool is_local_only(int family, Bytes address) {
    const auto byte_at = [&](std::size_t index) { return std::to_integer<unsigned>(address[index]); };
    if (family == AF_INET)
        return byte_at(0) == 127 || (byte_at(0) == 169 && byte_at(1) == 254);
    if (byte_at(0) == 0xfe && (byte_at(1) & 0xc0) == 0x80)
        return true;
    return std::ranges::equal(address, std::as_bytes(std::span(in6addr_loopback.s6_addr)));
}

} // namespace

std::optional<Link> parse_link(const nlmsghdr &message) {
    const auto header = family_header<ifinfomsg>(message, RTM_NEWLINK);
    if (!header || header->ifi_index <= 0)
        return std::nullopt;
    Link link;
    link.ifindex = static_cast<std::uint32_t>(header->ifi_index);
    for_each_attribute(attributes_behind(message, sizeof(*header)),
                       [&](const nlattr &attribute) { parse_link_attribute(attribute, link); });
    if (link.name.empty())
        return std::nullopt;
    return link;
}

std::optional<std::string> parse_address(const nlmsghdr &message) {
    const auto header = family_header<ifaddrmsg>(message, RTM_NEWADDR);
    if (!header || (header->ifa_family != AF_INET && header->ifa_family != AF_INET6))
        return std::nullopt;
    Bytes own;
    Bytes own_or_peer; // IFA_ADDRESS is the far end where the link has two ends
    for_each_attribute(attributes_behind(message, sizeof(*header)), [&](const nlattr &attribute) {
        if (mnl_attr_get_type(&attribute) == IFA_LOCAL)
            own = attribute_payload(attribute);
        else if (mnl_attr_get_type(&attribute) == IFA_ADDRESS)
            own_or_peer = attribute_payload(attribute);
    });
    const Bytes address = own.empty() ? own_or_peer : own;
    const std::size_t size = header->ifa_family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr);
    if (address.size() != size || is_local_only(header->ifa_family, address))
        return std::nullopt;
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (::inet_ntop(header->ifa_family, address.data(), text.data(), text.size()) == nullptr)
        return std::nullopt;
    return text.data();
}

std::optional<std::int32_t> parse_namespace_number(const nlmsghdr &message) {
    if (!family_header<rtgenmsg>(message, RTM_NEWNSID))
        return std::nullopt;
    std::optional<std::int32_t> number;
    for_each_attribute(attributes_behind(message, sizeof(rtgenmsg)), [&](const nlattr &attribute) {
        if (mnl_attr_get_type(&attribute) == NETNSA_NSID)
            number = attribute_number<std::int32_t>(attribute);
    });
    if (number < 0) // NETNSA_NSID_NOT_ASSIGNED
        return std::nullopt;
    return number;
}

} // namespace brpath
