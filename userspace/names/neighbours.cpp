// SPDX-License-Identifier: BSD-2-Clause
#include "names/neighbours.hpp"

#include "util/printable.hpp"

#include <iterator>
#include <set>

namespace brpath {

std::optional<std::int32_t> namespace_behind(const Link &link) {
    if (link.kind != "veth" && link.kind != "netkit")
        return std::nullopt;
    return link.peer_namespace;
}

PortNames name_ports(const std::vector<Link> &links, const Neighbours &neighbours) {
    std::map<std::uint32_t, std::string> devices;
    for (const Link &link : links)
        devices.emplace(link.ifindex, printable(link.name));

    PortNames ports;
    for (const Link &link : links) {
        if (!link.is_bridge_port)
            continue;
        PortName port;
        port.device = devices.at(link.ifindex);
        port.bridge_ifindex = link.master;
        if (const auto bridge = devices.find(link.master); bridge != devices.end())
            port.bridge = bridge->second;
        if (const auto number = namespace_behind(link))
            if (const auto neighbour = neighbours.find(*number); neighbour != neighbours.end())
                port.endpoint = neighbour->second.name;
        ports.emplace(link.ifindex, std::move(port));
    }
    return ports;
}

void renew_ports(PortNames &known, const PortNames &seen, std::size_t most) {
    for (const auto &[ifindex, port] : seen) {
        PortName &entry = known[ifindex];
        const std::string endpoint_before = entry.device == port.device ? entry.endpoint : "";
        entry = port;
        if (entry.endpoint.empty())
            entry.endpoint = endpoint_before;
    }
    for (auto port = known.begin(); known.size() > most && port != known.end();) // numbers grow
        port = seen.contains(port->first) ? std::next(port) : known.erase(port);
}

void renew_addresses(AddressNames &known, const Neighbours &seen, std::size_t most) {
    std::map<std::string, std::int32_t> owners;
    std::set<std::string> shared;
    for (const auto &[number, neighbour] : seen)
        for (const std::string &address : neighbour.addresses) {
            if (owners.emplace(address, number).first->second != number)
                shared.insert(address);
            known[address] = neighbour.name;
        }
    for (const std::string &address : shared)
        known.erase(address);
    if (known.size() > most)
        std::erase_if(known, [&](const auto &entry) { return !owners.contains(entry.first); });
}

} // namespace brpath
