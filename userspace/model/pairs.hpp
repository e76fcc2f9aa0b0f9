// SPDX-License-Identifier: BSD-2-Clause
// Flow records become pairs.
#pragma once

#include "model/connections.hpp"
#include "model/summary.hpp"

#include <array>
#include <brpath/abi.h>
#include <cstdint>
#include <map>
#include <vector>

namespace brpath {

class PairTable {
  public:
    // Adds a flow's counts to its pair; with sign -1 takes them away again (a frame that was counted for the
    // length of one summary).
    void add(const brpath_flow_key &key, const brpath_flow &flow, int sign = 1);

    // A request with key.in as its header goes on with another one.
    void learn_translation(const brpath_flow_key &key, const brpath_flow &flow);

    // Who began, of a frame whose counts will be added later than those of its answers.
    void learn_beginning(const brpath_flow_key &key, const brpath_flow &flow);

    // All pairs with frames, without names and findings; broken ones first, then by frames.
    [[nodiscard]] std::vector<Pair> pairs() const;

    // Frames per path over all pairs.
    [[nodiscard]] const std::array<std::int64_t, BRPATH_PATHS> &by_path() const { return by_path_; }

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

    Pair &pair_of(const Connection &connection, const brpath_flow_key &key);
    void take_back(const Connection &connection, Role role, const brpath_flow_key &key, brpath_flow &flow);
    Pair &pair_of_ethertype(const brpath_flow_key &key);
    void add_ip(const brpath_flow_key &key, brpath_flow flow, int sign);

    Connections connections_;
    std::map<PairId, Pair> pairs_;
    std::array<std::int64_t, BRPATH_PATHS> by_path_{};
};

} // namespace brpath
