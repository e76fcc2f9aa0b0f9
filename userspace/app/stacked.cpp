// SPDX-License-Identifier: BSD-2-Clause
#include "app/stacked.hpp"

#include <algorithm>

namespace brpath {

namespace {

// Deeper nesting than a VLAN device over a bond is not made by hand; the bound is against a loop in the data.
constexpr int depth_max = 4;

bool is_bundle(const Link &link) { return link.kind == "bond" || link.kind == "team"; }

bool is_vlan(const Link &link) {
    return link.kind == "vlan" && link.vlan_id && link.peer_ifindex && !link.peer_namespace;
}

const Link *find(const std::vector<Link> &links, std::uint32_t ifindex) {
    const auto found =
        std::find_if(links.begin(), links.end(), [&](const Link &link) { return link.ifindex == ifindex; });
    return found == links.end() ? nullptr : &*found;
}

// Where the device's frames are received first, each with the tag that they have there.
std::vector<brpath_stacked_key> received_by(const std::vector<Link> &links, const Link &link, int depth) {
    std::vector<brpath_stacked_key> devices;

    if (depth == 0)
        return devices;
    if (is_vlan(link)) {
        const Link *lower = find(links, *link.peer_ifindex);
        if (!lower)
            return devices;
        devices = received_by(links, *lower, depth - 1);
        std::erase_if(devices, [](const auto &device) { return device.vlan != 0; }); // a tag below a tag
        for (auto &device : devices)
            device.vlan = *link.vlan_id;
    } else if (is_bundle(link)) {
        for (const auto &member : links)
            if (member.master == link.ifindex)
                for (const auto &device : received_by(links, member, depth - 1))
                    devices.push_back(device);
    } else {
        devices.push_back({link.ifindex, 0});
    }
    return devices;
}

} // namespace

StackedDevices stacked_devices(const std::vector<Link> &links) {
    StackedDevices stacked;

    for (const auto &link : links) {
        const Link *lower = is_vlan(link) ? find(links, *link.peer_ifindex) : nullptr;

        if (lower && lower->kind == "bridge")
            stacked[{link.ifindex, BRPATH_STACKED_ABOVE}] = {0, lower->ifindex};
        if (link.is_bridge_port && (is_vlan(link) || is_bundle(link)))
            for (const auto &device : received_by(links, link, depth_max))
                stacked[device] = {link.ifindex, link.master};
    }
    return stacked;
}

} // namespace brpath
