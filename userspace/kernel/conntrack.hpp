// SPDX-License-Identifier: BSD-2-Clause
// The connections that conntrack knows now.
#pragma once

#include "util/result.hpp"

#include <brpath/abi.h>
#include <cstdint>
#include <functional>
#include <linux/netfilter/nf_conntrack_common.h>

namespace brpath {

// The reply's tuple is what conntrack expects: it is the original's reversed unless the entry is translated.
// Other protocols than TCP, UDP, SCTP and ICMP have no ports, as in the tuples of frames, whatever conntrack
// keeps in their place.
struct ConntrackEntry {
    bool ipv6 = false;
    std::uint8_t protocol = 0;
    brpath_tuple original{};
    brpath_tuple reply{};
    std::uint32_t status = 0; // enum ip_conntrack_status
    std::uint16_t zone = 0;   // that of the original direction, should they differ

    // No frame of the reply has come by conntrack.
    [[nodiscard]] bool is_unreplied() const { return (status & IPS_SEEN_REPLY) == 0; }
    [[nodiscard]] bool is_translated() const { return (status & IPS_NAT_MASK) != 0; }
    // The client meant another address or port than the one that answers.
    [[nodiscard]] bool has_service() const { return (status & IPS_DST_NAT) != 0; }
};

using ConntrackHandler = std::function<void(const ConntrackEntry &)>;

enum class ConntrackListing {
    complete,
    interrupted, // some may be missing
    absent,      // conntrack or its netlink interface is not loaded: nothing was asked
};

// Hands over, one at a time, the entries of the calling thread's network namespace that have all bits of
// `status_required` (0: every entry). Connections come and go meanwhile; if the table is resized meanwhile,
// an entry may come twice or be missing. Never loads a module: one that is not there is not asked. Needs
// CAP_NET_ADMIN.
Result<ConntrackListing> list_conntrack(std::uint32_t status_required, const ConntrackHandler &handle);

} // namespace brpath
