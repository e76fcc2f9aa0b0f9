// SPDX-License-Identifier: BSD-2-Clause
// What is known of bridge ports; nothing here asks the kernel.
#pragma once

#include "kernel/links.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace brpath {

// Names are safe to print: control characters and invalid UTF-8 are replaced (util/printable.hpp).
struct PortName {
    std::string device; // "veth-cart"
    std::string bridge; // the bridge it belongs to; empty if unknown
    std::uint32_t bridge_ifindex = 0;
    std::map<std::size_t, std::string>
        endpoints; // who is behind it, by the number of the source that says so
};

using PortNames = std::map<std::uint32_t, PortName>; // by ifindex

// The bridge ports among the devices, without endpoints.
PortNames name_ports(const std::vector<Link> &links);

// Adds and renews. A port that is the same device as before keeps its endpoints. Of more than `most` ports
// those that are gone are forgotten, the oldest first.
void renew_ports(PortNames &known, const PortNames &seen, std::size_t most = 16384);

} // namespace brpath
