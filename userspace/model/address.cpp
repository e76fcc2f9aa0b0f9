// SPDX-License-Identifier: BSD-2-Clause
#include "model/address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <fmt/format.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string_view>
#include <utility>

namespace brpath {

std::string to_string(const Address &address) {
    std::array<char, INET6_ADDRSTRLEN> text{};

    inet_ntop(address.ipv6 ? AF_INET6 : AF_INET, address.bytes.data(), text.data(), text.size());
    return text.data();
}

std::string to_string(const Address &address, std::uint16_t port) {
    std::string text = to_string(address);

    if (port == 0)
        return text;
    return (address.ipv6 ? "[" + text + "]" : text) + ":" + std::to_string(port);
}

std::string to_string(const Tuple &tuple) {
    return to_string(tuple.source, tuple.source_port) + " > " +
           to_string(tuple.destination, tuple.destination_port);
}

Tuple reversed(const Tuple &tuple) {
    Tuple answer = tuple;

    std::swap(answer.source, answer.destination);
    std::swap(answer.source_port, answer.destination_port);
    return answer;
}

Tuple make_tuple(const brpath_tuple &tuple, const brpath_flow_key &key) {
    Tuple made;

    std::copy_n(tuple.saddr, made.source.bytes.size(), made.source.bytes.begin());
    std::copy_n(tuple.daddr, made.destination.bytes.size(), made.destination.bytes.begin());
    made.source.ipv6 = made.destination.ipv6 = key.ethertype == ETH_P_IPV6;
    if (!key.quoted) {
        made.source_port = tuple.sport;
        made.destination_port = tuple.dport;
    }
    made.vlan = key.vlan;
    made.protocol = key.proto;
    return made;
}

std::size_t TupleHash::operator()(const Tuple &tuple) const {
    std::array<char, 38> bytes{};
    auto append = [position = bytes.data()](const void *from, std::size_t size) mutable {
        std::memcpy(position, from, size);
        position += size;
    };

    append(tuple.source.bytes.data(), 16);
    append(tuple.destination.bytes.data(), 16);
    append(&tuple.source_port, 2);
    append(&tuple.destination_port, 2);
    append(&tuple.protocol, 1);
    return std::hash<std::string_view>{}({bytes.data(), bytes.size()});
}

bool is_ip(std::uint16_t ethertype) { return ethertype == ETH_P_IP || ethertype == ETH_P_IPV6; }

std::string protocol_name(std::uint8_t protocol) {
    switch (protocol) {
    case IPPROTO_TCP:
        return "tcp";
    case IPPROTO_UDP:
        return "udp";
    case IPPROTO_SCTP:
        return "sctp";
    case IPPROTO_ICMP:
        return "icmp";
    case IPPROTO_ICMPV6:
        return "icmpv6";
    default:
        return fmt::format("ip-{}", protocol);
    }
}

} // namespace brpath
