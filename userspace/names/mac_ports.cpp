// SPDX-License-Identifier: BSD-2-Clause
#include "names/mac_ports.hpp"

#include <utility>

namespace brpath {

namespace {

constexpr std::chrono::seconds settling_time{1};

} // namespace

bool MacPorts::renew(const std::vector<NeighbourEntry> &learned,
                     const std::function<bool(const NeighbourEntry &)> &counts, Clock::time_point now) {
    std::map<std::string, Place, std::less<>> places;
    bool changed = false;

    for (const auto &entry : learned) {
        if (!counts(entry))
            continue;
        const auto [place, is_new] = places.try_emplace(entry.mac, Place{entry.ifindex, now});
        if (!is_new && place->second.port != entry.ifindex) // the same entry comes once for each VLAN
            place->second.port = 0;
    }
    for (auto &[mac, place] : places) {
        const auto before = places_.find(mac);
        const bool stayed = before != places_.end() && before->second.port == place.port;
        if (stayed)
            place.since = before->second.since;
        place.is_settled = now - place.since >= settling_time;
        changed =
            changed || (stayed ? place.is_settled != before->second.is_settled : before != places_.end());
    }
    changed = changed || places.size() < places_.size();
    places_ = std::move(places);
    return changed;
}

std::uint32_t MacPorts::place(std::string_view mac, Clock::time_point said) const {
    const auto found = places_.find(mac);

    return found == places_.end() || said - found->second.since < settling_time ? 0 : found->second.port;
}

} // namespace brpath
