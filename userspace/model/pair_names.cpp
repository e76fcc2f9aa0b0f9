// SPDX-License-Identifier: BSD-2-Clause
// Which pair a flow belongs to, when one address has one name after another.
#include "model/pairs.hpp"

#include <tuple>

namespace brpath {

PairTable::SeenPair PairTable::see(const PairId &id, Role role, const brpath_flow_key &key) const {
    SeenPair seen;

    seen.client.port = role == Role::request ? key.port_in : key.port_out;
    seen.server.port = role == Role::request ? key.port_out : key.port_in;
    if (namer_ && is_ip(id.ethertype)) {
        seen.client.name = namer_(id.client, seen.client.port);
        seen.server.name = namer_(id.server, seen.server.port);
    }
    return seen;
}

// How well an endpoint of a pair fits what was seen; 0: it is another one.
int PairTable::fit(const std::string &name, const Known &known, std::uint32_t port, const Seen &seen) {
    const bool same_port = port == seen.port;

    if (seen.name.name.empty() && seen.port == 0)
        return 1; // whoever was there last
    if (seen.name.name.empty() && same_port)
        return 3;
    if (seen.name.name.empty())
        return name.empty() ? 2 : 0;
    if (name == seen.name.name)
        return 3;
    if (name.empty())
        return !known.is_mixed && (same_port || port == 0) ? 1 : 0;
    // One endpoint has one port for all its life, whatever its sources call it. Behind no port, or by the
    // same source, another name is somebody else.
    if (same_port && seen.name.trust < known.trust)
        return 1;
    return same_port && port != 0 && seen.name.trust > known.trust ? 1 : 0;
}

bool PairTable::is_same_but_names(const PairId &a, const PairId &b) {
    return std::tie(a.client, a.server, a.service, a.port, a.service_port, a.ethertype, a.vlan, a.protocol,
                    a.has_service) == std::tie(b.client, b.server, b.service, b.port, b.service_port,
                                               b.ethertype, b.vlan, b.protocol, b.has_service);
}

// `id` has no names. The best fit; of several the one that was seen last, by frames that were counted in
// time: what is added for one summary must be found again when it is taken away.
PairTable::Pairs::iterator PairTable::find(const PairId &id, const SeenPair &seen) {
    auto best = pairs_.end();
    std::tuple<int, std::uint64_t> best_rank;

    for (auto place = pairs_.lower_bound(id); place != pairs_.end() && is_same_but_names(place->first, id);
         ++place) {
        const Entry &entry = place->second;
        const int client =
            fit(place->first.client_name, entry.client, entry.pair.client.port_ifindex, seen.client);
        const int server =
            fit(place->first.server_name, entry.server, entry.pair.server.port_ifindex, seen.server);
        if (client == 0 || server == 0)
            continue;
        const std::tuple rank(client + server, entry.newest);
        const bool is_older = best != pairs_.end() && rank == best_rank && entry.born < best->second.born;
        if (best == pairs_.end() || rank > best_rank || is_older) {
            best = place;
            best_rank = rank;
        }
    }
    return best;
}

// Takes names over that are new or more trusted.
PairTable::Pairs::iterator PairTable::rename(Pairs::iterator entry, const TrustedName &client,
                                             const TrustedName &server) {
    PairId id = entry->first;
    Known &known_client = entry->second.client, &known_server = entry->second.server;
    const auto take_over = [](std::string &name, Known &known, const TrustedName &now) {
        if (now.name.empty() || now.trust > known.trust)
            return;
        name = now.name;
        known.trust = now.trust;
    };

    take_over(id.client_name, known_client, client);
    take_over(id.server_name, known_server, server);
    if (id == entry->first)
        return entry;
    if (const auto there = pairs_.find(id); there != pairs_.end())
        return there; // what was counted without a name stays so
    auto node = pairs_.extract(entry);
    node.key() = std::move(id);
    return pairs_.insert(std::move(node)).position;
}

bool PairTable::has_several(const PairId &id) const {
    auto place = pairs_.lower_bound(id);

    for (int count = 0; count < 2; count++, ++place)
        if (place == pairs_.end() || !is_same_but_names(place->first, id))
            return false;
    return true;
}

void PairTable::note_ports(Entry &entry, const SeenPair &seen) {
    const auto note = [](Known &known, std::uint32_t before, std::uint32_t now) {
        known.is_mixed = known.is_mixed || (before != 0 && now != 0 && before != now);
    };

    note(entry.client, entry.pair.client.port_ifindex, seen.client.port);
    note(entry.server, entry.pair.server.port_ifindex, seen.server.port);
}

PairTable::Pairs::iterator PairTable::find_or_make(const PairId &id, const SeenPair &seen) {
    auto found = find(id, seen);

    if (found != pairs_.end()) {
        found = rename(found, seen.client.name, seen.server.name);
        found->second.used = ++uses_;
    } else {
        PairId named = id;
        named.client_name = seen.client.name.name;
        named.server_name = seen.server.name.name;
        pair_of(named);
        found = pairs_.find(named);
        found->second.client.trust = seen.client.name.trust;
        found->second.server.trust = seen.server.name.trust;
    }
    note_ports(found->second, seen);
    return found;
}

void PairTable::name_again() {
    if (!namer_)
        return;
    std::vector<Pairs::iterator> entries;
    entries.reserve(pairs_.size());
    for (auto entry = pairs_.begin(); entry != pairs_.end(); ++entry)
        if (is_ip(entry->first.ethertype))
            entries.push_back(entry);
    const auto ask = [this](const Address &address, const std::string &name, const Known &known,
                            std::uint32_t port) {
        if (known.is_mixed && name.empty())
            return TrustedName{};
        auto now = namer_(address, port);
        return name.empty() || now.trust < known.trust ? now : TrustedName{};
    };
    for (const auto &place : entries) {
        const auto &[id, entry] = *place;
        const auto client = ask(id.client, id.client_name, entry.client, entry.pair.client.port_ifindex);
        const auto server = ask(id.server, id.server_name, entry.server, entry.pair.server.port_ifindex);
        rename(place, client, server);
    }
}

} // namespace brpath
