// SPDX-License-Identifier: BSD-2-Clause
// Flow records become pairs.
#pragma once

#include "model/connections.hpp"
#include "model/summary.hpp"

#include <array>
#include <brpath/abi.h>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace brpath {

// Keeps at most `capacity` pairs. When there is one more, a quarter is forgotten: those least worth keeping
// (pairs.cpp), so that a flood of strangers does not drive out who is watched. A forgotten pair's frames
// count on in forgotten(); when it comes again it begins at 0.
class PairTable {
  public:
    struct Forgotten {
        std::int64_t pairs = 0; // one that came again and was forgotten again is two
        std::int64_t frames = 0;
    };

    explicit PairTable(std::size_t capacity = 16384) : capacity_(capacity) {}

    // The time of frames that have none of their own (CLOCK_MONOTONIC); from the next call on.
    void set_time(std::uint64_t now_ns) { now_ns_ = now_ns; }

    // Adds a flow's counts to its pair.
    void add(const brpath_flow_key &key, const brpath_flow &flow);

    // Adds the frame that was a CPU's last, and with sign -1 takes it away again (it counts for the length of
    // one summary). It may be older than what was counted before it: a port that is known stays. Nothing is
    // forgotten for it.
    void add_last(const brpath_flow_key &key, const brpath_flow &flow, int sign = 1);

    // A request with key.in as its header goes on with another one.
    void learn_translation(const brpath_flow_key &key, const brpath_flow &flow);

    // A connection that was there before: the tuples of its request and of the reply that is expected to it.
    void learn_connection(const Tuple &original, const Tuple &reply);

    // Who began, of a frame whose counts will be added later than those of its answers.
    void learn_beginning(const brpath_flow_key &key, const brpath_flow &flow);

    // All pairs with frames, without names and findings; broken ones first, then by frames.
    [[nodiscard]] std::vector<Pair> pairs() const;

    // What is in no pair any more, since the beginning.
    [[nodiscard]] const Forgotten &forgotten() const { return forgotten_; }

    // Frames per path over all pairs, forgotten ones too.
    [[nodiscard]] const std::array<std::int64_t, BRPATH_PATHS> &by_path() const { return by_path_; }

    // The same per handling.
    [[nodiscard]] const std::array<std::int64_t, BRPATH_HANDLINGS> &by_handling() const {
        return by_handling_;
    }

  private:
    struct PairId {
        Address client, server, service;
        std::uint32_t port = 0; // for frames that are not IP: the port they entered (egress: left) by
        std::uint16_t service_port = 0;
        std::uint16_t ethertype = 0;
        std::uint16_t vlan = 0;
        std::uint8_t protocol = 0;
        bool has_service = false;

        auto operator<=>(const PairId &) const = default;
    };

    struct Entry {
        Pair pair;
        std::uint64_t used = 0; // when it was last added to, as a number that grows
    };

    using Pairs = std::map<PairId, Entry>;

    static PairId id_of(const Connection &connection, const brpath_flow_key &key);
    static PairId id_of_ethertype(const brpath_flow_key &key);
    Pair &pair_of(const PairId &id);
    void take_back(const Connection &connection, Role role, const brpath_flow_key &key, brpath_flow &flow);
    void take_from_forgotten(const PairId &id, Role role, const brpath_flow_key &key, brpath_flow &flow);
    enum class Age : std::uint8_t { newest, unknown };

    void add_any(const brpath_flow_key &key, const brpath_flow &flow, int sign, Age age);
    void add_ip(const brpath_flow_key &key, brpath_flow flow, int sign, Age age);
    void note_quoted(const brpath_flow_key &key, const brpath_flow &flow, int sign);
    void note_untranslated(Pair &pair, const brpath_flow_key &key, const brpath_flow &flow, int sign) const;
    void make_room();
    void forget(Pairs::iterator entry);

    std::size_t capacity_;
    Connections connections_;
    Pairs pairs_;
    std::uint64_t uses_ = 0;
    std::uint64_t now_ns_ = 0;
    Forgotten forgotten_;
    std::array<std::int64_t, BRPATH_PATHS> by_path_{};
    std::array<std::int64_t, BRPATH_HANDLINGS> by_handling_{};
};

} // namespace brpath
