// SPDX-License-Identifier: BSD-2-Clause
#include "names/names.hpp"

#include "kernel/read_file.hpp"
#include "names/other_nodes.hpp"
#include "util/printable.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

namespace brpath {

namespace {

constexpr std::size_t names_file_bytes_max = std::size_t{64} * 1024 * 1024;

std::uint8_t trust_of(std::size_t source) { return static_cast<std::uint8_t>(source + 1); }

} // namespace

Names::Names(std::vector<std::unique_ptr<NameSource>> sources) {
    for (auto &source : sources)
        sources_.push_back({std::move(source), {}});
}

Result<void> Names::load_file(const std::string &path) {
    const std::string label = printable(path);
    const auto content = read_file(path, names_file_bytes_max);
    if (!content)
        return fail(ErrorKind::usage, "read names from " + label,
                    std::generic_category().message(content.error()),
                    "it is a file in the format of /etc/hosts: an address and its name on each line");
    auto names = parse_hosts(*content, label);
    if (!names)
        return Failure(names.error());
    for (auto &[address, name] : *names)
        from_file_.insert_or_assign(address, std::move(name));
    version_++;
    return {};
}

void Names::learn_ports(const std::vector<Link> &links) {
    const auto seen = name_ports(links);

    renew_ports(ports_, seen);
    devices_.clear();
    for (const auto &[ifindex, port] : seen)
        devices_.emplace(port.device, ifindex);
    ports_are_new_ = true;
}

void Names::learn_macs(const std::vector<NeighbourEntry> &learned, Clock::time_point now) {
    const auto counts = [this](const NeighbourEntry &entry) {
        return ports_.contains(entry.ifindex) && wanted_macs_.contains(entry.mac);
    };

    ports_are_new_ = macs_.renew(learned, counts, now) || ports_are_new_;
}

// By the port's own number or name, else by the place of the MAC as it was when the record was said.
std::uint32_t Names::find_port(const NameRecord &record, Clock::time_point said) const {
    if (record.port_ifindex != 0)
        return ports_.contains(record.port_ifindex) ? record.port_ifindex : 0;
    if (record.port_device.empty())
        return record.mac.empty() ? 0 : macs_.place(record.mac, said);
    const auto found = devices_.find(record.port_device);
    return found == devices_.end() ? 0 : found->second;
}

void Names::learn_endpoints(std::size_t source) {
    const NameSet &names = *sources_[source].report.names;
    const auto said = sources_[source].report.as_of.value_or(now_);
    const auto find = [&](const NameRecord &record) { return find_port(record, said); };

    for (const auto &record : names.endpoints)
        if (const auto ifindex = find(record))
            ports_.at(ifindex).endpoints[source] = record.name;
    claims_.renew(source, names, find);
}

void Names::learn_services() {
    services_.clear();
    for (const auto &asked : sources_) // the first one that has it is trusted most
        for (const auto &service : asked.report.names->services)
            services_.try_emplace({service.address, service.port, service.protocol}, service.name);
}

void Names::learn_wanted_macs() {
    wanted_macs_.clear();
    for (const auto &asked : sources_)
        for (const auto &record : asked.report.names->endpoints)
            if (record.port_device.empty() && record.port_ifindex == 0 && !record.mac.empty())
                wanted_macs_.insert(record.mac);
}

void Names::refresh(Clock::time_point now) {
    bool has_news = false;

    now_ = now;
    for (std::size_t i = 0; i < sources_.size(); i++) {
        const auto before = sources_[i].report.names;
        sources_[i].report = sources_[i].source->report();
        const bool is_new = sources_[i].report.names != before;
        if (is_new || ports_are_new_)
            learn_endpoints(i);
        has_news = has_news || is_new;
    }
    if (has_news) {
        learn_services();
        learn_wanted_macs();
        claims_.make_room();
    }
    if (has_news || ports_are_new_ || claims_.has_doubts())
        version_++;
    ports_are_new_ = false;
}

void Names::hurry() {
    for (auto &asked : sources_)
        asked.source->hurry();
}

const PortName *Names::port(std::uint32_t ifindex) const {
    const auto found = ports_.find(ifindex);
    return found == ports_.end() ? nullptr : &found->second;
}

TrustedName Names::endpoint(std::string_view ip, std::uint32_t port_ifindex) {
    if (const auto given = from_file_.find(ip); given != from_file_.end())
        return {given->second, 0};
    const PortName *behind = port_ifindex ? port(port_ifindex) : nullptr;
    const auto device = behind ? devices_.find(behind->device) : devices_.end();
    const bool is_there = device != devices_.end() && device->second == port_ifindex;
    for (std::size_t i = 0; i < sources_.size(); i++) {
        if (behind)
            if (const auto found = behind->endpoints.find(i); found != behind->endpoints.end())
                return {found->second, trust_of(i)};
        if (const auto *name =
                claims_.find(i, ip, {port_ifindex, is_there, now_, sources_[i].report.as_of.value_or(now_)}))
            return {*name, trust_of(i)};
    }
    for (std::size_t i = 0; i < sources_.size(); i++)
        if (const auto *name = claims_.find_gone(i, ip, port_ifindex))
            return {*name, trust_of(i)};
    return behind ? TrustedName{} : network(ip);
}

// What comes by a port of ours is no other node's, whatever its address says.
TrustedName Names::network(std::string_view ip) const {
    const NetworkRecord *longest = nullptr;
    std::size_t source = 0;

    for (std::size_t i = 0; i < sources_.size(); i++)
        for (const auto &record : sources_[i].report.names->networks)
            if ((!longest || record.length > longest->length) && is_inside(record, std::string(ip))) {
                longest = &record;
                source = i;
            }
    return longest ? TrustedName{longest->name, trust_of(source)} : TrustedName{};
}

bool Names::is_own(const std::string &ip) const {
    const auto has_it = [&](const NameRecord &record) {
        return std::find(record.addresses.begin(), record.addresses.end(), ip) != record.addresses.end();
    };

    return std::any_of(sources_.begin(), sources_.end(), [&](const Asked &asked) {
        const auto &records = asked.report.names->endpoints;
        return asked.source->id() == std::string_view("node") &&
               std::any_of(records.begin(), records.end(), has_it);
    });
}

// A node port is one at the node's own addresses only.
std::string Names::service(const std::string &ip, std::uint16_t port, std::uint8_t protocol) {
    if (const auto found = services_.find({ip, port, protocol}); found != services_.end())
        return found->second;
    if (is_own(ip))
        if (const auto found = services_.find({"", port, protocol}); found != services_.end())
            return found->second;
    return endpoint(ip, 0).name;
}

std::vector<SourceStatus> Names::sources() const {
    std::vector<SourceStatus> all;

    for (const auto &asked : sources_)
        all.push_back({asked.source->id(), asked.report});
    return all;
}

} // namespace brpath
