// SPDX-License-Identifier: BSD-2-Clause
#include "kube/objects.hpp"

#include "names/cni_result.hpp"
#include "names/object_name.hpp"
#include "names/protocol_number.hpp"
#include "util/printable.hpp"

#include <algorithm>
#include <charconv>
#include <netinet/in.h>
#include <optional>
#include <utility>

namespace brpath {

namespace {

using json::for_each, json::is_true_at, json::member, json::port_at, json::text_at, json::Value;

std::string name_of(const Value *metadata) {
    return object_name(text_at(metadata, "namespace"), text_at(metadata, "name"));
}

void add_address(std::vector<std::string> &addresses, std::string_view written) {
    if (auto address = endpoint_address(written))
        if (std::find(addresses.begin(), addresses.end(), *address) == addresses.end())
            addresses.push_back(std::move(*address));
}

// A pod that is about to end is not told: its address may belong to the next one before the API says that it
// is gone. What it was called is kept for its frames (Names).
NameSet read_pod(const Value &object) {
    const Value *metadata = member(&object, "metadata"), *status = member(&object, "status");
    const auto phase = text_at(status, "phase");
    NameRecord record;
    NameSet says;

    if (is_true_at(member(&object, "spec"), "hostNetwork") || member(metadata, "deletionTimestamp") ||
        phase == "Succeeded" || phase == "Failed")
        return says;
    record.name = name_of(metadata);
    for_each(member(status, "podIPs"),
             [&](const Value &ip) { add_address(record.addresses, text_at(&ip, "ip")); });
    add_address(record.addresses, text_at(status, "podIP"));
    if (!record.name.empty() && !record.addresses.empty())
        says.endpoints.push_back(std::move(record));
    return says;
}

// A headless Service has "None" for an address, which is none.
std::vector<std::string> addresses_of_service(const Value &object) {
    const Value *spec = member(&object, "spec");
    std::vector<std::string> addresses;

    for (const char *list : {"clusterIPs", "externalIPs"})
        for_each(member(spec, list), [&](const Value &ip) { add_address(addresses, json::text(ip)); });
    add_address(addresses, text_at(spec, "clusterIP"));
    for_each(member(member(member(&object, "status"), "loadBalancer"), "ingress"),
             [&](const Value &ingress) { add_address(addresses, text_at(&ingress, "ip")); });
    return addresses;
}

NameSet read_service(const Value &object) {
    const auto name = name_of(member(&object, "metadata"));
    const auto addresses = addresses_of_service(object);
    NameSet says;

    if (name.empty())
        return says;
    for_each(member(member(&object, "spec"), "ports"), [&](const Value &port) {
        const auto number = port_at(&port, "port"), node_port = port_at(&port, "nodePort");
        const auto label = printable(text_at(&port, "name").substr(0, object_name_bytes_max));
        const auto written = text_at(&port, "protocol");
        const auto protocol = protocol_number(written.empty() ? "TCP" : written); // what the API fills in
        const auto called = name + ":" + (label.empty() ? std::to_string(number) : label);

        if (number != 0)
            for (const auto &address : addresses)
                says.services.push_back({called, address, number, protocol});
        if (node_port != 0)
            says.services.push_back({called, "", node_port, protocol});
    });
    return says;
}

NameSet read_slice(const Value &object, std::string_view own_node) {
    NameSet says;

    for_each(member(&object, "endpoints"), [&](const Value &endpoint) {
        const Value *target = member(&endpoint, "targetRef");
        NameRecord record;

        if (text_at(target, "kind") != "Pod" || text_at(&endpoint, "nodeName") == own_node ||
            is_true_at(member(&endpoint, "conditions"), "terminating"))
            return;
        record.name = name_of(target);
        for_each(member(&endpoint, "addresses"),
                 [&](const Value &address) { add_address(record.addresses, json::text(address)); });
        if (!record.name.empty() && !record.addresses.empty())
            says.endpoints.push_back(std::move(record));
    });
    return says;
}

// "10.244.2.0/24"
std::optional<NetworkRecord> network_of(const std::string &name, std::string_view written) {
    const auto slash = written.find('/');
    auto address = endpoint_address(written);
    std::uint8_t length = 0;

    if (slash == std::string_view::npos || !address)
        return std::nullopt;
    const auto digits = written.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (error != std::errc() || end != digits.data() + digits.size() || length > 128)
        return std::nullopt;
    return NetworkRecord{name, std::move(*address), length};
}

NameSet read_node(const Value &object) {
    const auto name =
        "node " + printable(text_at(member(&object, "metadata"), "name").substr(0, object_name_bytes_max));
    const Value *spec = member(&object, "spec");
    NameRecord record{.name = name, .port_device = "", .mac = "", .addresses = {}};
    NameSet says;
    const auto add_network = [&](std::string_view written) {
        if (auto network = network_of(name, written))
            if (std::find(says.networks.begin(), says.networks.end(), *network) == says.networks.end())
                says.networks.push_back(std::move(*network));
    };

    for_each(member(member(&object, "status"), "addresses"), [&](const Value &address) {
        const auto type = text_at(&address, "type");
        if (type == "InternalIP" || type == "ExternalIP")
            add_address(record.addresses, text_at(&address, "address"));
    });
    if (!record.addresses.empty())
        says.endpoints.push_back(std::move(record));
    for_each(member(spec, "podCIDRs"), [&](const Value &network) { add_network(json::text(network)); });
    add_network(text_at(spec, "podCIDR"));
    return says;
}

} // namespace

KubeObject read_kube_object(KubeKind kind, const json::Value &object, std::string_view own_node) {
    const Value *metadata = member(&object, "metadata");
    const std::string name(text_at(metadata, "name"));
    KubeObject read;

    if (name.empty())
        return read;
    switch (kind) {
    case KubeKind::nodes:
        return {name, read_node(object)};
    case KubeKind::pods:
        read.says = read_pod(object);
        break;
    case KubeKind::services:
        read.says = read_service(object);
        break;
    case KubeKind::slices:
        read.says = read_slice(object, own_node);
        break;
    }
    read.key = std::string(text_at(metadata, "namespace")) + "/" + name;
    return read;
}

} // namespace brpath
