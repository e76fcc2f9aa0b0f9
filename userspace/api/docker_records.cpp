// SPDX-License-Identifier: BSD-2-Clause
#include "api/docker_records.hpp"

#include "util/printable.hpp"

#include <netinet/in.h>
#include <rapidjson/document.h>
#include <set>
#include <tuple>

namespace brpath {

namespace {

using Json = rapidjson::Value;

const Json *member(const Json &object, const char *key) {
    if (!object.IsObject())
        return nullptr;
    const auto found = object.FindMember(key);
    return found == object.MemberEnd() ? nullptr : &found->value;
}

std::string text(const Json &object, const char *key) {
    const Json *value = member(object, key);
    return value && value->IsString() ? std::string(value->GetString(), value->GetStringLength()) : "";
}

std::uint16_t port_number(const Json &object, const char *key) {
    const Json *value = member(object, key);
    return value && value->IsUint() && value->GetUint() <= 0xffff
               ? static_cast<std::uint16_t>(value->GetUint())
               : 0;
}

// Docker begins names with a slash; a container linked from another one has that one's as well.
std::string own_name(const Json &container) {
    const Json *names = member(container, "Names");

    if (names && names->IsArray())
        for (const auto &name : names->GetArray())
            if (name.IsString()) {
                std::string_view own(name.GetString(), name.GetStringLength());
                if (own.starts_with('/'))
                    own.remove_prefix(1);
                if (!own.empty() && own.find('/') == std::string_view::npos)
                    return std::string(own);
            }
    return text(container, "Id").substr(0, 12);
}

std::string name_of(const Json &container) {
    if (const Json *labels = member(container, "Labels")) {
        const auto project = text(*labels, "com.docker.compose.project");
        const auto service = text(*labels, "com.docker.compose.service");
        const auto number = text(*labels, "com.docker.compose.container-number");
        if (!project.empty() && !service.empty())
            return printable(project + "/" + service + (number.empty() ? "" : "-" + number));
    }
    return printable(own_name(container));
}

// One record for each network, for each has an interface of its own.
void add_endpoints(const Json &container, const std::string &name, NameSet &names) {
    const Json *settings = member(container, "NetworkSettings");
    const Json *networks = settings ? member(*settings, "Networks") : nullptr;

    if (!networks || !networks->IsObject())
        return;
    for (const auto &[network, end] : networks->GetObject()) {
        NameRecord record;
        record.name = name;
        record.mac = text(end, "MacAddress");
        for (const char *key : {"IPAddress", "GlobalIPv6Address"})
            if (auto address = text(end, key); !address.empty())
                record.addresses.push_back(std::move(address));
        if (!record.addresses.empty() || !record.mac.empty())
            names.endpoints.push_back(std::move(record));
    }
}

std::uint8_t protocol_number(const std::string &type) {
    if (type == "tcp")
        return IPPROTO_TCP;
    if (type == "udp")
        return IPPROTO_UDP;
    return type == "sctp" ? IPPROTO_SCTP : 0;
}

// A port published for all addresses comes twice, for 0.0.0.0 and for ::.
void add_services(const Json &container, const std::string &name, NameSet &names) {
    std::set<std::tuple<std::string, std::uint16_t, std::uint8_t>> known;
    const Json *ports = member(container, "Ports");

    if (!ports || !ports->IsArray())
        return;
    for (const auto &port : ports->GetArray()) {
        ServiceRecord record;
        const auto address = text(port, "IP");
        record.address = address == "0.0.0.0" || address == "::" ? "" : address;
        record.port = port_number(port, "PublicPort");
        record.protocol = protocol_number(text(port, "Type"));
        record.name = name + ":" + std::to_string(port_number(port, "PrivatePort"));
        if (record.port != 0 && record.protocol != 0 &&
            known.emplace(record.address, record.port, record.protocol).second)
            names.services.push_back(std::move(record));
    }
}

} // namespace

std::optional<NameSet> parse_containers(std::string_view json) {
    rapidjson::Document document;
    NameSet names;

    // Without recursion: a hostile answer must not take the stack.
    document.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
    if (document.HasParseError() || !document.IsArray())
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
