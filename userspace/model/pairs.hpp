// SPDX-License-Identifier: BSD-2-Clause
// Flow records become pairs.
#pragma once

#include "model/connections.hpp"
#include "model/summary.hpp"
#include "util/trusted_name.hpp"

#include <array>
#include <brpath/abi.h>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
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

    // Who has an address at the port that it is seen at; port 0: not known.
    using Namer = std::function<TrustedName(const Address &, std::uint32_t port)>;

    // From the next call on, pairs are kept apart by the names of their endpoints: an address that goes from
    // A to B leaves A's frames in a pair named A. An endpoint whose name is only learnt, or learnt from a
    // more trusted source, stays the same one as long as it was seen at one port.
    void set_namer(Namer namer) { namer_ = std::move(namer); }

    // The namer may know more than before.
    void name_again();

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

    // All pairs with frames, with the names of IP endpoints, without findings; broken ones first, then by
    // frames.
    [[nodiscard]] std::vector<Pair> pairs() const;

    // What is in no pair any more, since the beginning.
    [[nodiscard]] const Forgotten &forgotten() const { return forgotten_; }

    // Frames per path over all pairs, forgotten ones too.
    [[nodiscard]] const std::array<std::int64_t, BRPATH_PATHS> &by_path() const { return by_path_; }

    // The same per handling.
    [[nodiscard]] const ByHandling &by_handling() const { return by_handling_; }

    // The setting has changed: what is counted from now on is since the change, and what was counted since
    // the last call, or the beginning, is before it. Costs a look at each pair, and room for those that had
    // frames.
    void mark_change();

    // The pairs that the last mark_change() moved, as of now: those with frames on both sides of it that are
    // handled otherwise. The most telling first: a Service that is broken, then any Service, then by frames.
    [[nodiscard]] MovedPairs moved() const;

  private:
    struct PairId {
        Address client, server, service;
        std::uint32_t port = 0; // for frames that are not IP: the port they entered (egress: left) by
        std::uint16_t service_port = 0;
        std::uint16_t ethertype = 0;
        std::uint16_t vlan = 0;
        std::uint8_t protocol = 0;
        bool has_service = false;
        // Last: the pairs of the same addresses stand side by side.
        std::string client_name, server_name;

        auto operator<=>(const PairId &) const = default;
    };

    // What is known of an endpoint beside its name.
    struct Known {
        std::uint8_t trust = TrustedName::none;
        bool is_mixed = false; // without a name it was seen at several ports: none of them names it
    };

    // What a pair had counted at a change of the setting; to the server and to the client.
    struct Mark {
        std::uint64_t change = 0; // number of the last one that frames came before
        std::array<ByHandling, 2> at{};
        std::array<ByHandling, 2> before{}; // of these, since the change before it
    };

    struct Entry {
        Pair pair;
        std::uint64_t used = 0; // when it was last added to, as a number that grows
        Known client, server;
        std::uint64_t born = 0;
        std::uint64_t newest = 0;   // as used, but not by frames that are counted late
        std::unique_ptr<Mark> mark; // nullptr: it has had no frames before a change
    };

    // An endpoint as one flow shows it.
    struct Seen {
        TrustedName name;
        std::uint32_t port = 0;
    };
    struct SeenPair {
        Seen client, server;
    };

    using Pairs = std::map<PairId, Entry>;

    static PairId id_of(const Connection &connection, const brpath_flow_key &key);
    static PairId id_of_ethertype(const brpath_flow_key &key);
    [[nodiscard]] SeenPair see(const PairId &id, Role role, const brpath_flow_key &key) const;
    static int fit(const std::string &name, const Known &known, std::uint32_t port, const Seen &seen);
    static bool is_same_but_names(const PairId &a, const PairId &b);
    [[nodiscard]] bool has_several(const PairId &id) const;
    static void note_ports(Entry &entry, const SeenPair &seen);
    Pairs::iterator find(const PairId &id, const SeenPair &seen);
    Pairs::iterator rename(Pairs::iterator entry, const TrustedName &client, const TrustedName &server);
    Pairs::iterator find_or_make(const PairId &id, const SeenPair &seen);
    Pair &pair_of(const PairId &id);
    void take_back(const Connection &connection, Role role, const brpath_flow_key &key, brpath_flow &flow);
    void take_from_others(const PairId &id, Role role, const brpath_flow_key &key, brpath_flow &flow);
    enum class Age : std::uint8_t { newest, unknown };

    void add_any(const brpath_flow_key &key, const brpath_flow &flow, int sign, Age age);
    void add_ip(const brpath_flow_key &key, brpath_flow flow, int sign, Age age);
    void note_quoted(const brpath_flow_key &key, const brpath_flow &flow, int sign);
    void note_untranslated(Pair &pair, const brpath_flow_key &key, const brpath_flow &flow, int sign) const;
    void make_room();
    void forget(Pairs::iterator entry);
    [[nodiscard]] static std::optional<MovedPair> move_of(const Entry &entry);

    std::size_t capacity_;
    Connections connections_;
    Namer namer_;
    Pairs pairs_;
    std::uint64_t uses_ = 0;
    std::uint64_t changes_ = 0;     // calls of mark_change()
    std::uint64_t marked_uses_ = 0; // uses_ at the last one
    std::uint64_t now_ns_ = 0;
    Forgotten forgotten_;
    std::array<std::int64_t, BRPATH_PATHS> by_path_{};
    ByHandling by_handling_{};
};

} // namespace brpath
