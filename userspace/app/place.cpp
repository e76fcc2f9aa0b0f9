// SPDX-License-Identifier: BSD-2-Clause
#include "app/place.hpp"

#include "util/printable.hpp"
#include "util/time.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <sys/utsname.h>

namespace brpath {

namespace {

std::string names_of(const std::vector<Link> &bridges) {
    std::string names;

    for (const auto &bridge : bridges)
        names += (names.empty() ? "" : ", ") + printable(bridge.name);
    return names;
}

} // namespace

Node describe_node(const std::string &netns) {
    utsname system{};

    uname(&system);
    return {printable(system.nodename), printable(system.release), printable(netns), rfc3339(realtime_ns()),
            0};
}

Result<std::uint32_t> pick_bridge(const std::vector<Link> &bridges, const std::string &wanted) {
    if (wanted.empty())
        return 0u;
    const auto found =
        std::find_if(bridges.begin(), bridges.end(), [&](const Link &link) { return link.name == wanted; });
    if (found != bridges.end())
        return found->ifindex;
    return fail(ErrorKind::usage, fmt::format("find the bridge {}", printable(wanted)),
                "there is no bridge of this name here",
                bridges.empty()
                    ? "there is no bridge at all in this namespace; --netns NAME looks into another one"
                    : fmt::format("bridges here: {}", names_of(bridges)));
}

Result<Netns> enter_wanted_netns(const std::string &wanted) {
    if (wanted.empty())
        return current_netns();
    auto netns = open_netns(wanted);
    if (!netns)
        return netns;
    if (auto done = enter_netns(*netns); !done)
        return Failure(done.error());
    return netns;
}

} // namespace brpath
