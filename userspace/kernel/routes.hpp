// SPDX-License-Identifier: BSD-2-Clause
// Where a namespace sends what is not its own, through rtnetlink.
#pragma once

#include "util/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace brpath {

// A route to a network by way of a gateway. Addresses are as inet_ntop writes them.
struct Route {
    std::string network;
    std::uint8_t length = 0; // of the prefix, in bits
    std::string gateway;
    std::uint32_t ifindex = 0;
};

// An entry of a neighbour table: of ARP and IPv6, address and MAC; of a bridge's or a tunnel's forwarding
// database, MAC and (of a tunnel) the address of the other end.
struct NeighbourEntry {
    std::uint32_t ifindex = 0;
    std::string address; // empty if the entry has none
    std::string mac;     // "02:42:0a:f4:01:0b"
};

enum class NeighbourTable { addresses, forwarding };

// Routes of the calling thread's namespace that have a gateway: unicast, of its main table, one path each.
Result<std::vector<Route>> list_routes();

// Entries that have a MAC, of the calling thread's namespace.
Result<std::vector<NeighbourEntry>> list_neighbours(NeighbourTable table);

} // namespace brpath
