// SPDX-License-Identifier: BSD-2-Clause
#include "names/netns_source.hpp"

#include "kernel/netns.hpp"
#include "util/printable.hpp"

#include <fmt/format.h>
#include <set>

namespace brpath {

namespace {

// The namespaces with names that our devices lead to. They come and go, and entering them may be forbidden:
// what cannot be had is left out.
Neighbours find_neighbours(const std::vector<Link> &links, const std::vector<std::string> &names,
                           const std::string &folder) {
    std::set<std::int32_t> numbers;
    for (const Link &link : links)
        if (const auto number = namespace_behind(link))
            numbers.insert(*number);

    Neighbours neighbours;
    if (numbers.empty())
        return neighbours;
    for (const std::string &name : names) {
        const auto netns = open_netns(fmt::format("{}/{}", folder, name));
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

std::optional<std::int32_t> namespace_behind(const Link &link) {
    if (link.kind != "veth" && link.kind != "netkit")
        return std::nullopt;
    return link.peer_namespace;
}

NameSet names_of(const std::vector<Link> &links, const Neighbours &neighbours) {
    std::map<std::int32_t, std::vector<const Link *>> ports;
    for (const Link &link : links)
        if (const auto number = namespace_behind(link); number && link.is_bridge_port)
            ports[*number].push_back(&link);

    NameSet names;
    for (const auto &[number, neighbour] : neighbours) {
        const auto &own = ports[number];
        const auto first = names.endpoints.size();
        for (const Link *link : own)
            names.endpoints.push_back({neighbour.name, printable(link->name), "", {}, link->ifindex});
        if (own.empty())
            names.endpoints.push_back({neighbour.name, "", "", {}, 0});
        // Its other ports name it by themselves: at a port that is not its own it is somebody else's.
        names.endpoints[first].addresses = neighbour.addresses;
    }
    return names;
}

SourceReport NetnsSource::report() {
    const auto begin = Pace::Clock::now();

    has_events_ = events_.any() || has_events_;
    if (!is_last_ && !(has_events_ ? after_events_ : without_).is_due(begin))
        return report_;
    // The devices first: listing them is what makes the kernel number the namespaces behind them.
    const auto links = list_links();
    if (!links) {
        report_.state = SourceReport::State::down;
        report_.why = links.error().tried + ": " + links.error().why;
        return report_;
    }
    const auto namespaces = list_netns_names(folder_);
    NameSet names = names_of(*links, find_neighbours(*links, namespaces, folder_));
    report_.state = namespaces.empty() ? SourceReport::State::absent : SourceReport::State::up;
    report_.why.clear();
    if (names != *report_.names)
        report_.names = std::make_shared<const NameSet>(std::move(names));
    report_.as_of = begin;
    has_events_ = false;
    after_events_.took(begin, Pace::Clock::now());
    without_.took(begin, Pace::Clock::now());
    return report_;
}

} // namespace brpath
