// SPDX-License-Identifier: BSD-2-Clause
// What translates in a network namespace, and what else its rules do to frames that cross a bridge.
#pragma once

#include "kernel/links.hpp"
#include "model/audit.hpp"
#include "rules/forward_rules.hpp"
#include "rules/nft_ask.hpp"
#include "util/result.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace brpath {

// Virtual services of IPVS in the text of /proc/net/ip_vs. One by mark counts for both families.
std::array<std::int64_t, 2> count_ipvs_services(const std::string &text);

// The rules of a namespace, read once, asked about each bridge.
class NamespaceRules {
  public:
    // Of the calling thread's namespace. Loads no module. Error (permission) without CAP_NET_ADMIN.
    static Result<NamespaceRules> read(const NftPresence &presence);

    [[nodiscard]] BridgeRules about(const Link &bridge, bool ipv6) const;

    // Whatever translates a destination, not only of frames of a bridge.
    [[nodiscard]] std::vector<MechanismUse> mechanisms(bool ipv6) const;

  private:
    NamespaceRules(ForwardRules forward, ForwardRules routing)
        : forward_(std::move(forward)), routing_(std::move(routing)) {}

    ForwardRules forward_, routing_;
};

// IPVS alone, which tells everybody: its services in the calling thread's namespace, of IPv4 and IPv6.
std::array<std::int64_t, 2> read_ipvs_services();

} // namespace brpath
