// SPDX-License-Identifier: BSD-2-Clause
// The pods' networks of other nodes, by how an overlay such as flannel's is laid out. Nothing here asks the
// kernel.
#pragma once

#include "kernel/links.hpp"
#include "kernel/routes.hpp"
#include "names/records.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace brpath {

struct Overlay {
    std::vector<Link> links;
    std::vector<Route> routes;
    std::vector<NeighbourEntry> addresses;  // ARP and IPv6
    std::vector<NeighbourEntry> forwarding; // of tunnels
    std::string cluster_network;            // "10.244.0.0/16"; empty if it is not known
};

// VXLAN: each network has a route by a gateway on the VXLAN device; the neighbour table has the gateway's
// MAC, and the device's forwarding database the node behind that MAC. host-gw: within the cluster's network
// the gateway is the node.
std::vector<NetworkRecord> networks_of_other_nodes(const Overlay &overlay);

// FLANNEL_NETWORK of flannel's subnet.env; empty if it has none.
std::string parse_flannel_network(std::string_view text);

// Is the address in the record's network?
bool is_inside(const NetworkRecord &network, const std::string &address);

// Does the network "10.244.0.0/16" contain the address? False if one of them is not understood.
bool is_inside(std::string_view network, const std::string &address);

} // namespace brpath
