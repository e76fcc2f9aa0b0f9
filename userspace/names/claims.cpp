// SPDX-License-Identifier: BSD-2-Clause
#include "names/claims.hpp"

#include <utility>

namespace brpath {

namespace {

constexpr std::chrono::seconds doubt_time{5};

struct Said {
    const NameRecord *record = nullptr;
    bool is_shared = false; // by several names
};

std::map<std::string_view, Said> by_address(const NameSet &names) {
    std::map<std::string_view, Said> said;

    for (const auto &record : names.endpoints)
        for (const auto &address : record.addresses) {
            const auto [place, is_new] = said.try_emplace(address, Said{&record});
            if (!is_new && place->second.record->name != record.name)
                place->second.is_shared = true;
        }
    return said;
}

} // namespace

void Claims::renew(std::size_t source, const NameSet &names, const FindPort &find_port) {
    for (auto &[address, claims] : by_address_)
        if (const auto claim = claims.find(source); claim != claims.end())
            claim->second.is_upheld = false;
    for (const auto &[address, said] : by_address(names)) {
        auto place = by_address_.find(address);
        if (said.is_shared) {
            if (place != by_address_.end())
                place->second.erase(source);
            continue;
        }
        if (place == by_address_.end())
            place = by_address_.emplace(address, BySource{}).first;
        Claim &claim = place->second[source];
        const std::uint32_t port = find_port(*said.record);
        if (claim.name != said.record->name || claim.instance != said.record->instance)
            claim = Claim{said.record->name, said.record->instance, port, port != 0, true, std::nullopt};
        claim.is_upheld = true;
        if (port) {
            claim.port = port;
            claim.is_told = true;
        }
    }
}

void Claims::make_room(std::size_t most) {
    if (by_address_.size() > most)
        std::erase_if(by_address_, [](const auto &entry) {
            for (const auto &[source, claim] : entry.second)
                if (claim.is_upheld)
                    return false;
            return true;
        });
}

const std::string *Claims::find(std::size_t source, std::string_view address, const Sighting &seen) {
    const auto place = by_address_.find(address);
    if (place == by_address_.end())
        return nullptr;
    const auto found = place->second.find(source);
    if (found == place->second.end() || !found->second.is_upheld)
        return nullptr;
    Claim &claim = found->second;
    if (seen.port == 0 || claim.port == seen.port)
        return &claim.name;
    if (claim.is_told || !seen.is_there)
        return nullptr;
    if (claim.port != 0) {
        if (!claim.doubted)
            claim.doubted = seen.now;
        if (seen.as_of < *claim.doubted + doubt_time) {
            has_doubts_ = true;
            return nullptr;
        }
    } else if (seen.as_of < seen.now - doubt_time) {
        return nullptr; // said before this port was there, perhaps
    }
    claim.port = seen.port;
    claim.doubted.reset();
    return &claim.name;
}

const std::string *Claims::find_gone(std::size_t source, std::string_view address, std::uint32_t port) const {
    const auto place = by_address_.find(address);
    if (place == by_address_.end())
        return nullptr;
    const auto found = place->second.find(source);
    if (found == place->second.end() || found->second.is_upheld)
        return nullptr;
    // An address that never was at a port is another node's, and may be another pod's by now.
    const auto was_at = found->second.port;
    return was_at != 0 && (port == 0 || was_at == port) ? &found->second.name : nullptr;
}

} // namespace brpath
