// SPDX-License-Identifier: BSD-2-Clause
// What rtnetlink's messages on routes and neighbours say, read within their bounds.
#pragma once

#include "kernel/routes.hpp"

#include <linux/netlink.h>
#include <optional>

namespace brpath {

// nullopt: no RTM_NEWROUTE, or not a route that list_routes() gives.
std::optional<Route> parse_route(const nlmsghdr &message);

// nullopt: no RTM_NEWNEIGH, or without a MAC.
std::optional<NeighbourEntry> parse_neighbour(const nlmsghdr &message);

} // namespace brpath
