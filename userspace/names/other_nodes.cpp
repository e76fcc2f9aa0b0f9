// SPDX-License-Identifier: BSD-2-Clause
#include "names/other_nodes.hpp"

#include "util/printable.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace brpath {

namespace {

using Raw = std::array<std::uint8_t, sizeof(in6_addr)>;

std::optional<std::pair<Raw, int>> parse_ip(const std::string &text) {
    Raw raw{};

    for (const int family : {AF_INET, AF_INET6})
        if (::inet_pton(family, text.c_str(), raw.data()) == 1)
            return std::pair(raw, family);
    return std::nullopt;
}

bool has_prefix(const Raw &address, const Raw &network, unsigned length) {
    for (unsigned bit = 0; bit < length; bit++) {
        const auto mask = static_cast<std::uint8_t>(0x80U >> bit % 8);
        if ((address.at(bit / 8) ^ network.at(bit / 8)) & mask)
            return false;
    }
    return true;
}

using Key = std::pair<std::uint32_t, std::string>; // device, address or MAC

// The node behind a gateway on a tunnel; empty if the tables do not tell.
std::string node_behind(const std::map<Key, std::string> &mac_of, const std::map<Key, std::string> &node_of,
                        const Route &route) {
    const auto mac = mac_of.find({route.ifindex, route.gateway});
    if (mac == mac_of.end())
        return {};
    const auto node = node_of.find({route.ifindex, mac->second});
    return node == node_of.end() ? "" : node->second;
}

} // namespace

bool is_inside(std::string_view network, const std::string &address) {
    const auto slash = network.find('/');
    const auto base = parse_ip(std::string(network.substr(0, slash)));
    const auto ip = parse_ip(address);
    unsigned length = 0;

    if (slash == std::string_view::npos || !base || !ip || base->second != ip->second)
        return false;
    const auto digits = network.substr(slash + 1);
    const auto outcome = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (outcome.ec != std::errc{} || outcome.ptr != digits.data() + digits.size() ||
        length > (base->second == AF_INET ? 32U : 128U))
        return false;
    return has_prefix(ip->first, base->first, length);
}

bool is_inside(const NetworkRecord &network, const std::string &address) {
    return is_inside(fmt::format("{}/{}", network.address, network.length), address);
}

std::string parse_flannel_network(std::string_view text) {
    constexpr std::string_view key = "FLANNEL_NETWORK=";

    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        if (line.starts_with(key))
            return std::string(line.substr(key.size()));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
    }
    return {};
}

std::vector<NetworkRecord> networks_of_other_nodes(const Overlay &overlay) {
    std::map<Key, std::string> mac_of, node_of;
    std::set<std::uint32_t> tunnels;
    std::vector<NetworkRecord> networks;

    for (const auto &link : overlay.links)
        if (link.kind == "vxlan")
            tunnels.insert(link.ifindex);
    for (const auto &entry : overlay.addresses)
        mac_of[{entry.ifindex, entry.address}] = entry.mac;
    for (const auto &entry : overlay.forwarding)
        if (!entry.address.empty())
            node_of[{entry.ifindex, entry.mac}] = entry.address;
    for (const auto &route : overlay.routes) {
        std::string node;
        if (tunnels.contains(route.ifindex))
            node = node_behind(mac_of, node_of, route);
        else if (is_inside(overlay.cluster_network, route.network))
            node = route.gateway;
        if (!node.empty())
            networks.push_back({"node " + printable(node), route.network, route.length});
    }
    return networks;
}

} // namespace brpath
