// SPDX-License-Identifier: BSD-2-Clause
#include "names/port_names.hpp"

#include "util/printable.hpp"

#include <iterator>
#include <utility>

namespace brpath {

PortNames name_ports(const std::vector<Link> &links) {
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
        ports.emplace(link.ifindex, std::move(port));
    }
    return ports;
}

void renew_ports(PortNames &known, const PortNames &seen, std::size_t most) {
    for (const auto &[ifindex, port] : seen) {
        PortName &entry = known[ifindex];
        auto endpoints =
            entry.device == port.device ? std::move(entry.endpoints) : decltype(entry.endpoints){};
        entry = port;
        entry.endpoints.merge(endpoints);
    }
    for (auto port = known.begin(); known.size() > most && port != known.end();) // numbers grow
        port = seen.contains(port->first) ? std::next(port) : known.erase(port);
}

} // namespace brpath
