// SPDX-License-Identifier: BSD-2-Clause
// The rules by which devices and namespaces become names; nothing here asks the kernel.
#pragma once

#include "kernel/links.hpp"
#include "names/names.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace brpath {

// A namespace with a name, at the other end of one of our devices.
struct Neighbour {
    std::string name; // safe to print
    std::vector<std::string> addresses;
};

// By the number that our namespace has for it (Link::peer_namespace).
using Neighbours = std::map<std::int32_t, Neighbour>;

using PortNames = std::map<std::uint32_t, PortName>;
using AddressNames = std::map<std::string, std::string, std::less<>>;

// The namespace behind a device: of those pairs whose other end is an endpoint's own device. A tunnel's or a
// VLAN device's other namespace is not where its frames end.
std::optional<std::int32_t> namespace_behind(const Link &link);

// The bridge ports among the devices.
PortNames name_ports(const std::vector<Link> &links, const Neighbours &neighbours);

// Adds and renews. A port that is the same device as before keeps an endpoint that is no longer found. Of
// more than `most` ports those that are gone are forgotten, the oldest first.
void renew_ports(PortNames &known, const PortNames &seen, std::size_t most = 16384);

// Adds and renews. An address that several neighbours have tells nothing: its name goes. Of more than `most`
// addresses those that are gone are forgotten.
void renew_addresses(AddressNames &known, const Neighbours &seen, std::size_t most = 65536);

} // namespace brpath
