// SPDX-License-Identifier: BSD-2-Clause
// What rtnetlink messages say. All nlmsg_len bytes of the message must be readable; nothing behind them is
// read.
#pragma once

#include "kernel/links.hpp"

#include <linux/netlink.h>
#include <optional>
#include <string>

namespace brpath {

// nullopt: no RTM_NEWLINK, or one without an index or a name.
std::optional<Link> parse_link(const nlmsghdr &message);

// The address as inet_ntop writes it. nullopt: no RTM_NEWADDR, no IP, loopback or link-local.
std::optional<std::string> parse_address(const nlmsghdr &message);

// nullopt: no RTM_NEWNSID, or no number is assigned.
std::optional<std::int32_t> parse_namespace_number(const nlmsghdr &message);

} // namespace brpath
