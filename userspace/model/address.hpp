// SPDX-License-Identifier: BSD-2-Clause
// IP addresses and the tuples of a frame's header.
#pragma once

#include <array>
#include <brpath/abi.h>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>

namespace brpath {

struct Address {
    std::array<std::uint8_t, 16> bytes{}; // IPv4 in the first four, the rest zero
    bool ipv6 = false;

    auto operator<=>(const Address &) const = default;
};

std::string to_string(const Address &address);

// "10.96.0.10:80", "[fd00:96::10]:80"; without a port if that is 0.
std::string to_string(const Address &address, std::uint16_t port);

struct Tuple {
    Address source;
    Address destination;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint16_t vlan = 0; // keeps equal addresses in two VLANs apart
    std::uint8_t protocol = 0;

    auto operator<=>(const Tuple &) const = default;
};

// "10.244.1.11:40000 > 10.96.0.10:80", as tcpdump writes it but for the dot before the port.
std::string to_string(const Tuple &tuple);

// The tuple that an answer carries.
Tuple reversed(const Tuple &tuple);

// `tuple` is the header as it entered or as it left; the rest comes from the flow it belongs to. Of an ICMP
// error it is the error's own header, which has no ports.
Tuple make_tuple(const brpath_tuple &tuple, const brpath_flow_key &key);

struct TupleHash {
    std::size_t operator()(const Tuple &tuple) const;
};

bool is_ip(std::uint16_t ethertype);

// "tcp", ...; "ip-47" for what has no name here.
std::string protocol_name(std::uint8_t protocol);

} // namespace brpath
