// SPDX-License-Identifier: BSD-2-Clause
// What the rules that kube-proxy writes say about Services. No input or output.
#pragma once

#include "names/records.hpp"
#include "rules/forward_rules.hpp"
#include "rules/nft_messages.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace brpath {

// An address and port of a Service, as one rule has it.
struct KubeService {
    std::string service{};   // "shop/cart", as the rule has it: not made printable
    std::string port_name{}; // "http"; empty: the port has no name
    std::string address{};   // as inet_ntop writes it; empty: a port of the node
    std::uint16_t port = 0;
    std::uint8_t protocol = 0; // IPPROTO_*

    bool operator==(const KubeService &) const = default;
};

enum class KubePlace {
    services,   // the chain KUBE-SERVICES, the map service-ips: an address and a port
    node_ports, // the chain KUBE-NODEPORTS, the map service-nodeports: a port
};

// iptables mode: a rule in one of those chains of the table nat. nullopt if it names no Service, or asks for
// anything but one protocol, one port and, among the services, one address.
std::optional<KubeService> service_of_rule(const Rule &rule, KubePlace chain, bool ipv6);

// nftables mode: an element of one of those maps. nullopt if it does not lead to a chain that is named after
// a Service.
std::optional<KubeService> service_of_element(const NftElement &element, KubePlace map, bool ipv6);

// The records, sorted; the first one said about an address, port and protocol counts. A port without a name
// is told by its number: at a node port the Service's own, if it is known.
std::vector<ServiceRecord> service_records(const std::vector<KubeService> &services);

} // namespace brpath
