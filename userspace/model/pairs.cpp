// SPDX-License-Identifier: BSD-2-Clause
#include "model/pairs.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <tuple>
#include <utility>

namespace brpath {

namespace {

std::string ethertype_name(std::uint16_t ethertype) {
    switch (ethertype) {
    case ETH_P_ARP:
        return "arp";
    case ETH_P_LLDP:
        return "lldp";
    case ETH_P_802_2: // the kernel's name for a frame with a length where the EtherType would be: STP, ...
        return "802.2";
    default:
        return fmt::format("0x{:04x}", ethertype);
    }
}

void count(Counts &counts, const brpath_flow_key &key, const brpath_flow &flow, int sign) {
    const auto frames = sign * static_cast<std::int64_t>(flow.frames);

    counts.frames += frames;
    counts.bytes += sign * static_cast<std::int64_t>(flow.bytes);
    counts.by_path.at(key.path) += frames;
    counts.by_handling.at(key.handling) += frames;
    if (key.handling == BRPATH_BYPASSED)
        counts.by_reason.at(key.reason) += frames;
    else if (key.path == BRPATH_DROPPED && key.reason == BRPATH_DROP_IP_HOOKS)
        counts.dropped_in_ip_hooks += frames;
    if (key.path == BRPATH_BRIDGED && key.translation && key.handling == BRPATH_TRACKED)
        counts.translated_in_bridge += frames;
}

// Netfilter had no part in it: no header was translated.
bool crossed_as_it_was(const brpath_flow_key &key) {
    return (key.path == BRPATH_BRIDGED || key.path == BRPATH_FLOODED) && key.handling == BRPATH_BYPASSED &&
           !key.translation;
}

// What the server's answer looks like, and what the client would take.
Example example_of_reply(const Connection &connection) {
    return {to_string(connection.client_side), to_string(connection.server_side),
            to_string(reversed(connection.server_side)), to_string(reversed(connection.client_side))};
}

Example example_of_error(const Connection &connection) {
    constexpr const char *error = "ICMP error about ";

    return {to_string(connection.client_side), to_string(connection.server_side),
            error + to_string(connection.server_side), error + to_string(connection.client_side)};
}

// Moves what a flow takes back out of counts, as far as it is in there.
void take(Counts &counts, const brpath_flow_key &key, brpath_flow &flow) {
    const auto there = std::min({counts.by_path.at(key.path), counts.by_handling.at(key.handling),
                                 -static_cast<std::int64_t>(flow.frames)});
    if (there <= 0)
        return;
    brpath_flow part = flow;
    part.frames = -there;
    part.bytes = flow.bytes * there / -flow.frames; // the same on average, as frames of one flow mostly are
    count(counts, key, part, 1);
    flow.frames -= part.frames;
    flow.bytes -= part.bytes;
}

// One for each of the server's ports: rules ask for that. The newest ones.
void note_sample(Pair &pair, const Tuple &request) {
    constexpr std::size_t samples_max = 8;
    auto &samples = pair.samples;
    const auto known = std::find_if(samples.begin(), samples.end(), [&](const Tuple &sample) {
        return sample.destination_port == request.destination_port;
    });

    if (known != samples.end())
        samples.erase(known);
    else if (samples.size() == samples_max)
        samples.erase(samples.begin());
    samples.push_back(request);
}

// What is worth keeping: evidence of a finding, then a Service, then many frames, then what came last.
auto worth(const Pair &pair, std::uint64_t used) {
    return std::tuple(pair.is_answered_untranslated(), pair.service.has_value(),
                      pair.to_server.frames + pair.to_client.frames, used);
}

} // namespace

PairTable::PairId PairTable::id_of(const Connection &connection, const brpath_flow_key &key) {
    PairId id;

    id.client = connection.client_side.source;
    id.server = connection.server_side.destination;
    id.ethertype = key.ethertype;
    id.vlan = key.vlan;
    id.protocol = key.proto;
    if (connection.has_service()) {
        id.has_service = true;
        id.service = connection.client_side.destination;
        id.service_port = connection.client_side.destination_port;
    }
    return id;
}

PairTable::PairId PairTable::id_of_ethertype(const brpath_flow_key &key) {
    PairId id;

    id.port = key.port_in ? key.port_in : key.port_out;
    id.ethertype = key.ethertype;
    id.vlan = key.vlan;
    return id;
}

Pair &PairTable::pair_of(const PairId &id) {
    const auto [place, is_new] = pairs_.try_emplace(id);
    Pair &pair = place->second.pair;

    place->second.used = ++uses_;
    if (!is_new)
        return pair;
    place->second.born = uses_;
    pair.vlan = id.vlan;
    pair.is_ip = is_ip(id.ethertype);
    if (!pair.is_ip) {
        pair.client.port_ifindex = id.port;
        pair.protocol = ethertype_name(id.ethertype);
        return pair;
    }
    pair.client.ip = to_string(id.client);
    pair.server.ip = to_string(id.server);
    pair.protocol = protocol_name(id.protocol);
    if (id.has_service)
        pair.service = Service{"", to_string(id.service), id.service_port, id.protocol};
    return pair;
}

// A quarter at a time, so that sorting them costs each newcomer little.
void PairTable::make_room() {
    std::vector<Pairs::iterator> entries;

    if (pairs_.size() <= capacity_)
        return;
    const auto count = pairs_.size() - (capacity_ - capacity_ / 4);
    entries.reserve(pairs_.size());
    for (auto entry = pairs_.begin(); entry != pairs_.end(); ++entry)
        entries.push_back(entry);
    const auto end = entries.begin() + static_cast<std::ptrdiff_t>(count);
    std::nth_element(entries.begin(), end - 1, entries.end(), [](const auto &a, const auto &b) {
        return worth(a->second.pair, a->second.used) < worth(b->second.pair, b->second.used);
    });
    for (auto entry = entries.begin(); entry != end; ++entry)
        forget(*entry);
}

void PairTable::forget(Pairs::iterator entry) {
    const Pair &pair = entry->second.pair;

    forgotten_.pairs += pair.to_server.frames || pair.to_client.frames;
    forgotten_.frames += pair.to_server.frames + pair.to_client.frames;
    pairs_.erase(entry);
}

// What is taken back was counted before it was known what the frame would become. As far as its translation
// was not known either, that was in the pair without the Service.
void PairTable::take_back(const Connection &connection, Role role, const brpath_flow_key &key,
                          brpath_flow &flow) {
    PairId plain;

    plain.client = connection.client_side.source;
    plain.server = connection.client_side.destination;
    plain.ethertype = key.ethertype;
    plain.vlan = key.vlan;
    plain.protocol = key.proto;
    SeenPair seen = see(plain, role, key);
    if (namer_)
        seen.server = {namer_(plain.server, 0), 0}; // the port is the server's behind the Service
    const auto found = find(plain, seen);
    if (role == Role::request && found != pairs_.end())
        take(found->second.pair.to_server, key, flow);
}

// What is taken back may have been counted when the address had another name, or in a pair that is forgotten.
// As far as its pair does not have it, it was: no pair gets below zero.
void PairTable::take_from_others(const PairId &id, Role role, const brpath_flow_key &key, brpath_flow &flow) {
    const auto take_from = [&](Pair &pair) {
        if (flow.frames < 0)
            take(role == Role::request ? pair.to_server : pair.to_client, key, flow);
    };

    if (const auto own = find(id, see(id, role, key)); own != pairs_.end())
        take_from(own->second.pair);
    for (auto entry = pairs_.lower_bound(id); entry != pairs_.end() && is_same_but_names(entry->first, id);
         ++entry)
        take_from(entry->second.pair);
    if (flow.frames == 0 || forgotten_.frames == 0)
        return;
    const auto rest = std::min(forgotten_.frames, -static_cast<std::int64_t>(flow.frames));
    forgotten_.frames -= rest;
    flow.bytes -= flow.bytes * rest / -flow.frames;
    flow.frames += rest;
}

void PairTable::add_ip(const brpath_flow_key &key, brpath_flow flow, int sign, Age age) {
    const auto [connection, role] = connections_.find_or_make(key, flow);
    const PairId id = id_of(*connection, key);
    if (flow.frames < 0 && connection->has_service())
        take_back(*connection, role, key, flow);
    const SeenPair seen = see(id, role, key);
    if (flow.frames < 0) {
        if (forgotten_.frames > 0 || has_several(id))
            take_from_others(id, role, key, flow);
        if (flow.frames == 0 && find(id, seen) == pairs_.end()) {
            const auto syns = static_cast<std::uint64_t>(std::max(0, -flow.tcp_syn));
            connection->syns -= std::min(connection->syns, syns);
            return;
        }
    }
    Entry &entry = find_or_make(id, seen)->second;
    Pair &pair = entry.pair;
    if (age == Age::newest)
        entry.newest = entry.used;
    if (key.handling == BRPATH_BYPASSED)
        note_sample(pair, connection->server_side);
    Endpoint &from = role == Role::request ? pair.client : pair.server;
    Endpoint &to = role == Role::request ? pair.server : pair.client;
    const auto frames = sign * static_cast<std::int64_t>(flow.frames);

    if (key.port_in && (age == Age::newest || !from.port_ifindex))
        from.port_ifindex = key.port_in;
    if (key.port_out && (age == Age::newest || !to.port_ifindex))
        to.port_ifindex = key.port_out;
    count(role == Role::request ? pair.to_server : pair.to_client, key, flow, sign);

    if (role == Role::request && flow.tcp_syn) {
        const auto syns = sign * static_cast<std::int64_t>(flow.tcp_syn);
        const int one = syns < 0 ? -1 : 1; // what is taken back may have been the first
        const bool first = connection->syns == 0;
        connection->syns = static_cast<std::uint64_t>(static_cast<std::int64_t>(connection->syns) + syns);
        pair.syn_retransmissions += syns - (first || connection->syns == 0 ? one : 0);
    }
    if (role == Role::request && flow.tcp_flags & TH_FIN)
        connection->syns = 0; // the next SYN with these ports is another connection's first
    if (!crossed_as_it_was(key))
        return;
    if (key.quoted)
        note_quoted(key, flow, sign);
    if (!connection->has_service())
        return;
    if (role == Role::request) {
        pair.client_resets += sign * static_cast<std::int64_t>(flow.tcp_rst);
        return;
    }
    pair.untranslated_replies += frames;
    note_untranslated(pair, key, flow, sign);
    if (!pair.example)
        pair.example = example_of_reply(*connection);
}

// An ICMP error counts in a pair of its own. It is evidence for the pair that it is about.
void PairTable::note_quoted(const brpath_flow_key &key, const brpath_flow &flow, int sign) {
    brpath_flow_key answer = key;

    answer.proto = std::exchange(answer.quoted, 0);
    const auto about = connections_.find_known(make_tuple(key.in, answer));
    if (!about || !about->connection->has_service())
        return;
    // The request may be counted later: its pair is made here then, and a count is taken away where it was
    // added.
    const PairId id = id_of(*about->connection, answer);
    const SeenPair seen = see(id, about->role, key);
    if (sign * flow.frames < 0 && find(id, seen) == pairs_.end())
        return;
    Pair &pair = find_or_make(id, seen)->second.pair;
    note_sample(pair, about->connection->server_side);
    const auto frames = sign * static_cast<std::int64_t>(flow.frames);
    if (about->role == Role::request) {
        pair.client_errors += frames;
        return;
    }
    pair.untranslated_errors += frames;
    note_untranslated(pair, key, flow, sign);
    if (!pair.example)
        pair.example = example_of_error(*about->connection);
}

// When the client got it, and why nothing translated it.
void PairTable::note_untranslated(Pair &pair, const brpath_flow_key &key, const brpath_flow &flow,
                                  int sign) const {
    const std::uint64_t time = flow.first_ns ? flow.first_ns : now_ns_; // a frame counted late has none
    auto &seen = pair.untranslated_seen;

    pair.untranslated_by_reason.at(key.reason) += sign * static_cast<std::int64_t>(flow.frames);
    seen.first_ns = seen.first_ns ? std::min(seen.first_ns, time) : time;
    seen.last_ns = std::max(seen.last_ns, time);
}

void PairTable::add_any(const brpath_flow_key &key, const brpath_flow &flow, int sign, Age age) {
    by_path_.at(key.path) += sign * static_cast<std::int64_t>(flow.frames);
    by_handling_.at(key.handling) += sign * static_cast<std::int64_t>(flow.frames);
    if (is_ip(key.ethertype)) {
        add_ip(key, flow, sign, age);
        return;
    }
    const PairId id = id_of_ethertype(key);
    const Role role = key.port_in ? Role::request : Role::reply;
    brpath_flow rest = flow;
    if (rest.frames < 0 && forgotten_.frames > 0) {
        take_from_others(id, role, key, rest);
        if (rest.frames == 0 && !pairs_.contains(id))
            return;
    }
    Pair &pair = pair_of(id);
    count(role == Role::request ? pair.to_server : pair.to_client, key, rest, sign);
}

void PairTable::add(const brpath_flow_key &key, const brpath_flow &flow) {
    // A CPU's last frame is counted when the next one enters there, however long after: it tells no port.
    const bool is_late = flow.first_ns == 0 && flow.frames <= 1;
    add_any(key, flow, 1, is_late ? Age::unknown : Age::newest);
    make_room();
}

void PairTable::add_last(const brpath_flow_key &key, const brpath_flow &flow, int sign) {
    add_any(key, flow, sign, Age::unknown);
}

void PairTable::learn_translation(const brpath_flow_key &key, const brpath_flow &flow) {
    connections_.learn(make_tuple(key.in, key), make_tuple(flow.out, key));
}

void PairTable::learn_connection(const Tuple &original, const Tuple &reply) {
    connections_.learn(original, reversed(reply));
}

void PairTable::learn_beginning(const brpath_flow_key &key, const brpath_flow &flow) {
    if (is_ip(key.ethertype) && (flow.tcp_syn || key.translation))
        connections_.find_or_make(key, flow);
}

std::vector<Pair> PairTable::pairs() const {
    std::vector<Pair> all;
    const auto rank = [](const Pair &pair) {
        return std::tuple(pair.is_answered_untranslated(), pair.is_ip,
                          pair.to_server.frames + pair.to_client.frames);
    };

    for (const auto &[id, entry] : pairs_) {
        if (!entry.pair.to_server.frames && !entry.pair.to_client.frames)
            continue;
        all.push_back(entry.pair);
        all.back().client.name = id.client_name;
        all.back().server.name = id.server_name;
    }
    std::stable_sort(all.begin(), all.end(), [&](const Pair &a, const Pair &b) { return rank(a) > rank(b); });
    return all;
}

} // namespace brpath
