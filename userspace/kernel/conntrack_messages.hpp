// SPDX-License-Identifier: BSD-2-Clause
// What ctnetlink messages say. All nlmsg_len bytes of the message must be readable; nothing behind them is
// read.
#pragma once

#include "kernel/conntrack.hpp"

#include <linux/netlink.h>
#include <optional>

namespace brpath {

// nullopt: no IPCTNL_MSG_CT_NEW, no IP, or one without both tuples, each with addresses and protocol.
std::optional<ConntrackEntry> parse_conntrack(const nlmsghdr &message);

} // namespace brpath
