// SPDX-License-Identifier: BSD-2-Clause
#include "api/docker_records.hpp"

#include "names/json_fields.hpp"
#include "names/protocol_number.hpp"
#include "util/printable.hpp"

#include <netinet/in.h>
#include <set>
#include <tuple>

namespace brpath {

namespace {

using json::for_each, json::member, json::port_at, json::text_at, json::Value;

// Docker begins names with a slash; a container linked from another one has that one's as well.
std::string own_name(const Value &container) {
    std::string_view found;

    for_each(member(&container, "Names"), [&](const Value &name) {
        auto own = json::text(name);
        if (own.starts_with('/'))
            own.remove_prefix(1);
        if (found.empty() && own.find('/') == std::string_view::npos)
            found = own;
    });
    return std::string(found.empty() ? text_at(&container, "Id").substr(0, 12) : found);
}

std::string name_of(const Value &container) {
    const Value *labels = member(&container, "Labels");
    const std::string project(text_at(labels, "com.docker.compose.project"));
    const std::string service(text_at(labels, "com.docker.compose.service"));
    const std::string number(text_at(labels, "com.docker.compose.container-number"));

    if (!project.empty() && !service.empty())
        return printable(project + "/" + service + (number.empty() ? "" : "-" + number));
    return printable(own_name(container));
}

// One record for each network, for each has an interface of its own.
void add_endpoints(const Value &container, const std::string &name, NameSet &names) {
    const Value *networks = member(member(&container, "NetworkSettings"), "Networks");

    if (!networks || !networks->IsObject())
        return;
    for (const auto &[network, end] : networks->GetObject()) {
        NameRecord record;
        record.name = name;
        record.mac = text_at(&end, "MacAddress");
        // Podman has none, but takes a new MAC at each start. Docker's MAC is made of the address.
        record.instance = text_at(&end, "EndpointID");
        if (record.instance.empty())
            record.instance = record.mac;
        for (const char *key : {"IPAddress", "GlobalIPv6Address"})
            if (const auto address = text_at(&end, key); !address.empty())
                record.addresses.emplace_back(address);
        if (!record.addresses.empty() || !record.mac.empty())
            names.endpoints.push_back(std::move(record));
    }
}

// A port published for all addresses comes twice, for 0.0.0.0 and for ::.
void add_services(const Value &container, const std::string &name, NameSet &names) {
    std::set<std::tuple<std::string, std::uint16_t, std::uint8_t>> known;

    for_each(member(&container, "Ports"), [&](const Value &port) {
        ServiceRecord record;
        const auto address = text_at(&port, "IP");
        record.address = address == "0.0.0.0" || address == "::" ? "" : address;
        record.port = port_at(&port, "PublicPort");
        record.protocol = protocol_number(text_at(&port, "Type"));
        record.name = name + ":" + std::to_string(port_at(&port, "PrivatePort"));
        if (record.port != 0 && record.protocol != 0 &&
            known.emplace(record.address, record.port, record.protocol).second)
            names.services.push_back(std::move(record));
    });
}

} // namespace

std::optional<NameSet> parse_containers(std::string_view answer) {
    rapidjson::Document document;
    NameSet names;

    if (!json::parse(document, answer) || !document.IsArray())
        return std::nullopt;
    for (const auto &container : document.GetArray()) {
        const auto name = name_of(container);
        if (name.empty())
            continue;
        add_endpoints(container, name, names);
        add_services(container, name, names);
    }
    return names;
}

} // namespace brpath
