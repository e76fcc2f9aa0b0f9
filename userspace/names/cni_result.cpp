// SPDX-License-Identifier: BSD-2-Clause
#include "names/cni_result.hpp"

#include "names/json_fields.hpp"
#include "names/object_name.hpp"
#include "names/protocol_number.hpp"
#include "util/printable.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <netinet/in.h>
#include <utility>

namespace brpath {

namespace {

using json::for_each, json::member, json::port_at, json::text, json::text_at, json::Value;

constexpr std::size_t id_shown = 12;

// cniArgs is a list of pairs.
std::string_view argument(const Value &cache, const char *key) {
    std::string_view found;

    for_each(member(&cache, "cniArgs"), [&](const Value &pair) {
        if (pair.IsArray() && pair.Size() == 2 && text(pair[0]) == key)
            found = text(pair[1]);
    });
    return found;
}

// Kubernetes gives both. Podman gives its container's name as that of a pod without a namespace.
std::string name_of(const Value &cache) {
    const auto space = argument(cache, "K8S_POD_NAMESPACE"), pod = argument(cache, "K8S_POD_NAME");

    if (space.empty() && !pod.empty() && pod.size() <= object_name_bytes_max)
        return printable(pod);
    auto name = object_name(space, pod);
    return name.empty() ? short_id(text_at(&cache, "containerId")) : name;
}

void add_address(NameRecord &record, std::string_view written) {
    if (auto address = endpoint_address(written))
        if (std::find(record.addresses.begin(), record.addresses.end(), *address) == record.addresses.end())
            record.addresses.push_back(std::move(*address));
}

// As the convention for plugins has the keys, and as containerd writes them.
struct MappingKeys {
    const char *host_port, *container_port, *protocol, *host_address;
};
constexpr MappingKeys mapping_keys[] = {{"hostPort", "containerPort", "protocol", "hostIP"},
                                        {"HostPort", "ContainerPort", "Protocol", "HostIP"}};

// nullopt: it is no address that others can mean. Empty: any of the node's.
std::optional<std::string> host_address(std::string_view written) {
    if (written.empty() || written == "0.0.0.0" || written == "::")
        return "";
    return endpoint_address(written);
}

// What the plugin portmap was asked for.
std::vector<ServiceRecord> port_mappings(const Value &cache, const std::string &name) {
    std::vector<ServiceRecord> services;

    for_each(member(member(&cache, "capabilityArgs"), "portMappings"), [&](const Value &mapping) {
        for (const auto &keys : mapping_keys) {
            const auto port = port_at(&mapping, keys.host_port);
            const auto protocol = protocol_number(text_at(&mapping, keys.protocol));
            auto address = host_address(text_at(&mapping, keys.host_address));
            if (port != 0 && protocol != 0 && address)
                services.push_back({fmt::format("{}:{}", name, port_at(&mapping, keys.container_port)),
                                    std::move(*address), port, protocol});
        }
    });
    return services;
}

} // namespace

std::string short_id(std::string_view id) {
    const bool is_id = std::all_of(id.begin(), id.end(), [](unsigned char c) { return c > ' ' && c < 127; });
    return is_id ? printable(id.substr(0, id_shown)) : std::string();
}

std::optional<std::string> endpoint_address(std::string_view written) {
    const std::string address(written.substr(0, std::min(written.find('/'), std::size_t{INET6_ADDRSTRLEN})));
    std::array<char, INET6_ADDRSTRLEN> canonical{};
    in_addr ipv4{};
    in6_addr ipv6{};

    if (address.find('\0') != std::string::npos)
        return std::nullopt; // inet_pton would stop there
    if (::inet_pton(AF_INET, address.c_str(), &ipv4) == 1) {
        const auto host = ntohl(ipv4.s_addr);
        if (host >> 24 == 127 || host >> 16 == 0xa9fe || host == 0)
            return std::nullopt;
        ::inet_ntop(AF_INET, &ipv4, canonical.data(), canonical.size());
        return canonical.data();
    }
    if (::inet_pton(AF_INET6, address.c_str(), &ipv6) != 1 || IN6_IS_ADDR_LOOPBACK(&ipv6) ||
        IN6_IS_ADDR_LINKLOCAL(&ipv6) || IN6_IS_ADDR_UNSPECIFIED(&ipv6))
        return std::nullopt;
    ::inet_ntop(AF_INET6, &ipv6, canonical.data(), canonical.size());
    return canonical.data();
}

std::optional<CniResult> parse_cni_result(std::string_view content) {
    rapidjson::Document cache;

    if (!json::parse(cache, content) || text_at(&cache, "kind") != "cniCacheV1")
        return std::nullopt;
    const Value *result = member(&cache, "result");
    CniResult found;
    NameRecord &record = found.endpoint;
    std::string_view port;

    // A bridge plugin lists the bridge, the port, and the endpoint's own interface; only that has a sandbox.
    for_each(member(result, "interfaces"), [&](const Value &interface) {
        const auto device = text_at(&interface, "name");
        if (text_at(&interface, "sandbox").empty())
            port = device;
        else if (device != "lo" && record.mac.empty())
            record.mac = printable(text_at(&interface, "mac").substr(0, sizeof "00:11:22:33:44:55" - 1));
    });
    for_each(member(result, "ips"), [&](const Value &ip) { add_address(record, text_at(&ip, "address")); });
    for (const char *old : {"ip4", "ip6"}) // before version 0.3.0
        add_address(record, text_at(member(result, old), "ip"));
    if (port.size() < 16) // IFNAMSIZ
        record.port_device = printable(port);
    if (!record.port_device.empty() || !record.addresses.empty())
        record.name = name_of(cache);
    if (!record.name.empty())
        found.services = port_mappings(cache, record.name);
    std::transform(record.mac.begin(), record.mac.end(), record.mac.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return found;
}

} // namespace brpath
