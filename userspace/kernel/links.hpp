// SPDX-License-Identifier: BSD-2-Clause
// The network devices of a namespace, through rtnetlink.
#pragma once

#include "util/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace brpath {

// Attributes of a bridge device (IFLA_BR_NF_CALL_*). Absent when the kernel has no br_netfilter support
// built.
struct BridgeAttributes {
    std::optional<bool> call_iptables;
    std::optional<bool> call_ip6tables;
    std::optional<bool> call_arptables;
};

struct Link {
    std::uint32_t ifindex = 0;
    std::string name;            // as the kernel has it; not yet safe to print
    std::string kind;            // IFLA_INFO_KIND: "bridge", "veth", ...; empty for hardware
    std::uint32_t master = 0;    // ifindex of the bridge (or bond, ...) that it belongs to
    bool is_bridge_port = false; // IFLA_INFO_SLAVE_KIND is "bridge"
    std::optional<std::uint32_t>
        peer_ifindex;                     // IFLA_LINK: a veth's other end, the device below a VLAN device
    std::optional<std::uint16_t> vlan_id; // for kind "vlan"
    std::optional<std::int32_t>
        peer_namespace;                     // IFLA_LINK_NETNSID: the peer's namespace as this one numbers it
    std::optional<BridgeAttributes> bridge; // for kind "bridge"
};

// All devices of the calling thread's namespace.
Result<std::vector<Link>> list_links();

// Addresses of the calling thread's namespace, as text, without prefix length; no loopback, no link-local.
Result<std::vector<std::string>> list_addresses();

// The number that the calling thread's namespace gives to another one (RTM_GETNSID); nullopt: none.
Result<std::optional<std::int32_t>> namespace_number(int namespace_fd);

} // namespace brpath
