// SPDX-License-Identifier: BSD-2-Clause
#include "names/names.hpp"

#include "kernel/links.hpp"
#include "kernel/netns.hpp"
#include "kernel/read_file.hpp"
#include "names/neighbours.hpp"
#include "util/printable.hpp"

#include <set>
#include <system_error>

namespace brpath {

namespace {

constexpr std::size_t names_file_bytes_max = std::size_t{64} * 1024 * 1024;

// The namespaces below /run/netns that our devices lead to. They come and go, and entering them may be
// forbidden: what cannot be had is left out.
Neighbours find_neighbours(const std::vector<Link> &links) {
    std::set<std::int32_t> numbers;
    for (const Link &link : links)
        if (const auto number = namespace_behind(link))
            numbers.insert(*number);

    Neighbours neighbours;
    if (numbers.empty())
        return neighbours;
    for (const std::string &name : list_netns_names()) {
        const auto netns = open_netns(name);
        if (!netns)
            continue;
        const auto number = namespace_number(netns->fd.get());
        if (!number || !*number || !numbers.contains(**number) || neighbours.contains(**number))
            continue;
        const auto addresses = in_netns(*netns, list_addresses);
        neighbours.emplace(**number,
                           Neighbour{printable(name), addresses.value_or(std::vector<std::string>{})});
    }
    return neighbours;
}

} // namespace

Result<void> Names::refresh() {
    // The devices first: listing them is what makes the kernel number the namespaces behind them.
    const auto links = list_links();
    if (!links)
        return Failure(links.error());
    const Neighbours neighbours = find_neighbours(*links);
    renew_ports(ports_, name_ports(*links, neighbours));
    renew_addresses(from_namespaces_, neighbours);
    return {};
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
    return {};
}

const PortName *Names::port(std::uint32_t ifindex) const {
    const auto found = ports_.find(ifindex);
    return found == ports_.end() ? nullptr : &found->second;
}

std::optional<std::string> Names::given(std::string_view ip) const {
    const auto found = from_file_.find(ip);
    return found == from_file_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> Names::address(std::string_view ip) const {
    if (auto name = given(ip))
        return name;
    if (const auto found = from_namespaces_.find(ip); found != from_namespaces_.end())
        return found->second;
    return std::nullopt;
}

} // namespace brpath
