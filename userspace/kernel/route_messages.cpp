// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/route_messages.hpp"

#include "kernel/attributes.hpp"

#include <arpa/inet.h>
#include <array>
#include <fmt/format.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace brpath {

namespace {

// Which family it is of is told by its length. Empty if it has none of both.
std::string address_text(std::span<const std::byte> address) {
    const bool ipv6 = address.size() == sizeof(in6_addr);
    std::array<char, INET6_ADDRSTRLEN> text{};

    if (!ipv6 && address.size() != sizeof(in_addr))
        return {};
    const char *written = ::inet_ntop(ipv6 ? AF_INET6 : AF_INET, address.data(), text.data(), text.size());
    return written ? written : "";
}

std::string mac_text(std::span<const std::byte> address) {
    constexpr std::size_t mac_size = 6;
    std::string text;

    if (address.size() != mac_size)
        return {};
    for (const std::byte byte : address)
        text += fmt::format("{}{:02x}", text.empty() ? "" : ":", std::to_integer<unsigned>(byte));
    return text;
}

} // namespace

std::optional<Route> parse_route(const nlmsghdr &message) {
    const auto header = family_header<rtmsg>(message, RTM_NEWROUTE);
    if (!header || header->rtm_type != RTN_UNICAST || header->rtm_table != RT_TABLE_MAIN)
        return std::nullopt;
    Route route;
    route.length = header->rtm_dst_len;
    for_each_attribute(attributes_behind(message, sizeof(*header)), [&](const nlattr &attribute) {
        switch (mnl_attr_get_type(&attribute)) {
        case RTA_DST:
            route.network = address_text(attribute_payload(attribute));
            break;
        case RTA_GATEWAY:
            route.gateway = address_text(attribute_payload(attribute));
            break;
        case RTA_OIF:
            route.ifindex = attribute_number<std::uint32_t>(attribute).value_or(0);
            break;
        default:
            break;
        }
    });
    if (route.network.empty() || route.gateway.empty() || route.ifindex == 0)
        return std::nullopt;
    return route;
}

std::optional<NeighbourEntry> parse_neighbour(const nlmsghdr &message) {
    const auto header = family_header<ndmsg>(message, RTM_NEWNEIGH);
    if (!header || header->ndm_ifindex <= 0)
        return std::nullopt;
    NeighbourEntry entry;
    entry.ifindex = static_cast<std::uint32_t>(header->ndm_ifindex);
    for_each_attribute(attributes_behind(message, sizeof(*header)), [&](const nlattr &attribute) {
        if (mnl_attr_get_type(&attribute) == NDA_DST)
            entry.address = address_text(attribute_payload(attribute));
        else if (mnl_attr_get_type(&attribute) == NDA_LLADDR)
            entry.mac = mac_text(attribute_payload(attribute));
    });
    if (entry.mac.empty())
        return std::nullopt;
    return entry;
}

} // namespace brpath
