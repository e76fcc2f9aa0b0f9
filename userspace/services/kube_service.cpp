// SPDX-License-Identifier: BSD-2-Clause
#include "services/kube_service.hpp"

#include "util/printable.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <map>
#include <span>
#include <tuple>

namespace brpath {

namespace {

constexpr std::size_t part_alignment = 4; // of a key of several parts

struct ServicePort {
    std::string service;
    std::string port_name;
};

std::size_t address_size(bool ipv6) { return ipv6 ? sizeof(in6_addr) : sizeof(in_addr); }

std::string address_text(std::span<const std::uint8_t> bytes) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(bytes.size() == sizeof(in_addr) ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
    return text.data();
}

std::uint16_t number_of_port(std::span<const std::uint8_t> bytes) {
    return static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]);
}

// "shop/cart" from its two parts; empty if these are none.
std::string service_name(std::string_view space, std::string_view name) {
    if (space.empty() || name.empty() || name.find('/') != std::string_view::npos)
        return {};
    return std::string(space) + "/" + std::string(name);
}

// "shop/cart:http cluster IP", "shop/cart cluster IP", "shop/cart: external IP", "shop/cart:http"
std::optional<ServicePort> read_comment(std::string_view comment) {
    const std::string_view word = comment.substr(0, comment.find(' '));
    const std::size_t slash = word.find('/');
    if (slash == std::string_view::npos)
        return std::nullopt;
    const std::string_view behind = word.substr(slash + 1);
    const std::size_t colon = behind.find(':');
    ServicePort port{service_name(word.substr(0, slash), behind.substr(0, colon)), {}};
    if (colon != std::string_view::npos)
        port.port_name = behind.substr(colon + 1);
    return port.service.empty() ? std::nullopt : std::optional(std::move(port));
}

// "service-ULMVA6XW-shop/cart/tcp/http", or with "external-" and others in front: a word, eight characters of
// a hash, and the name, whose parts may hold dashes.
std::optional<ServicePort> read_chain_name(std::string_view chain) {
    constexpr std::size_t hash_size = 8;
    const std::size_t dash = chain.find('-');
    if (dash == std::string_view::npos || chain.size() < dash + hash_size + 2 ||
        chain[dash + hash_size + 1] != '-')
        return std::nullopt;
    std::array<std::string_view, 4> parts; // namespace, name, protocol, port
    std::string_view rest = chain.substr(dash + hash_size + 2);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::size_t slash = i + 1 < parts.size() ? rest.find('/') : rest.size();
        if (slash == std::string_view::npos)
            return std::nullopt;
        parts[i] = rest.substr(0, slash);
        rest.remove_prefix(std::min(slash + 1, rest.size()));
    }
    ServicePort port{service_name(parts[0], parts[1]), std::string(parts[3])};
    if (port.service.empty() || port.port_name.find('/') != std::string::npos)
        return std::nullopt;
    return port;
}

// What a rule asks of some bytes.
struct Demand {
    bool is_there = false;
    const Value *value = nullptr; // the only one that they may have; nullptr: there are others
};

Demand demand_of(const Rule &rule, Source source, std::uint32_t offset, std::size_t size) {
    Demand demand;
    for (const Match &match : rule.matches) {
        if (match.source != source || match.offset != offset)
            continue;
        const bool is_whole = std::ranges::all_of(match.mask, [](std::uint8_t byte) { return byte == 0xff; });
        const bool is_one =
            !match.is_negated && is_whole && match.first.size() == size && match.first == match.last;
        if (demand.is_there) // twice: who knows
            return {true, nullptr};
        demand = {true, is_one ? &match.first : nullptr};
    }
    return demand;
}

// iptables-nft has asked for the protocol of IPv4 by its place in the header.
Demand protocol_of(const Rule &rule, bool ipv6) {
    constexpr std::uint32_t ipv4_protocol_at = 9;
    const Demand demand = demand_of(rule, Source::protocol, 0, 1);
    return demand.is_there || ipv6 ? demand : demand_of(rule, Source::network_header, ipv4_protocol_at, 1);
}

std::string name_of(const KubeService &service, std::uint16_t number) {
    return printable(service.service + ":" +
                     (service.port_name.empty() ? std::to_string(number) : service.port_name));
}

} // namespace

std::optional<KubeService> service_of_rule(const Rule &rule, KubePlace chain, bool ipv6) {
    constexpr std::uint32_t ipv4_destination_at = 16, ipv6_destination_at = 24, port_at = 2;
    auto named = read_comment(rule.comment);
    const Demand address = demand_of(rule, Source::network_header,
                                     ipv6 ? ipv6_destination_at : ipv4_destination_at, address_size(ipv6));
    const Demand port = demand_of(rule, Source::transport_header, port_at, sizeof(std::uint16_t));
    const Demand protocol = protocol_of(rule, ipv6);
    const bool has_place = chain == KubePlace::services ? address.value != nullptr : !address.is_there;
    if (!named || !has_place || port.value == nullptr || protocol.value == nullptr)
        return std::nullopt;
    return KubeService{.service = std::move(named->service),
                       .port_name = std::move(named->port_name),
                       .address = address.value == nullptr ? std::string() : address_text(*address.value),
                       .port = number_of_port(*port.value),
                       .protocol = protocol.value->front()};
}

std::optional<KubeService> service_of_element(const NftElement &element, KubePlace map, bool ipv6) {
    auto named = read_chain_name(element.verdict.chain);
    const std::size_t before = map == KubePlace::services ? address_size(ipv6) : 0;
    const std::span<const std::uint8_t> key(element.key);
    if (!named || key.size() != before + 2 * part_alignment)
        return std::nullopt;
    return KubeService{.service = std::move(named->service),
                       .port_name = std::move(named->port_name),
                       .address = before == 0 ? std::string() : address_text(key.first(before)),
                       .port = number_of_port(key.subspan(before + part_alignment)),
                       .protocol = key[before]};
}

std::vector<ServiceRecord> service_records(const std::vector<KubeService> &services) {
    using Key = std::tuple<std::string_view, std::uint16_t, std::uint8_t>;
    std::map<std::string_view, std::uint16_t> own_ports; // of Services with one port, which has no name
    for (const KubeService &service : services)
        if (service.port_name.empty() && !service.address.empty())
            own_ports.emplace(service.service, service.port);
    std::map<Key, std::string> names;
    for (const KubeService &service : services) {
        const auto own = own_ports.find(service.service);
        const bool is_known = service.address.empty() && own != own_ports.end();
        names.emplace(Key{service.address, service.port, service.protocol},
                      name_of(service, is_known ? own->second : service.port));
    }
    std::vector<ServiceRecord> records;
    records.reserve(names.size());
    for (auto &[key, name] : names)
        records.push_back(
            {std::move(name), std::string(std::get<0>(key)), std::get<1>(key), std::get<2>(key)});
    return records;
}

} // namespace brpath
