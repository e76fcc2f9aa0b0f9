// SPDX-License-Identifier: BSD-2-Clause
// What a source of names says, as values. A source says what it knows; which one is believed is not its
// business (names/names.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace brpath {

// An endpoint and what it can be found by: whatever the source knows of it, and at least one.
struct NameRecord {
    std::string name;                   // "shop/cart-5d9f", "web"; safe to print (util/printable.hpp)
    std::string port_device;            // the bridge port's device in the namespace that is observed
    std::string mac;                    // of its own interface: "02:42:ac:11:00:02"
    std::vector<std::string> addresses; // as inet_ntop writes them, without a prefix length
    std::uint32_t port_ifindex = 0;     // of port_device, where the source knows it: a name is given again
    // Another one with the same name and address: the endpoint was started again, and may be at another port.
    std::string instance{};

    bool operator==(const NameRecord &) const = default;
};

// An address that clients mean, where another endpoint answers.
struct ServiceRecord {
    std::string name;    // "shop/cart:http"; safe to print
    std::string address; // as inet_ntop writes it; empty: any address of this node (a node port)
    std::uint16_t port = 0;
    std::uint8_t protocol = 0; // IPPROTO_*

    bool operator==(const ServiceRecord &) const = default;
};

// A network and who has it, for addresses that no endpoint's record has.
struct NetworkRecord {
    std::string name; // "node 192.168.60.2"; safe to print
    std::string address;
    std::uint8_t length = 0; // of the prefix, in bits

    bool operator==(const NetworkRecord &) const = default;
};

struct NameSet {
    std::vector<NameRecord> endpoints{};
    std::vector<ServiceRecord> services{};
    std::vector<NetworkRecord> networks{};

    bool operator==(const NameSet &) const = default;
};

} // namespace brpath
