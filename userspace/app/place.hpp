// SPDX-License-Identifier: BSD-2-Clause
// The node, the network namespace and the bridge that a command is about.
#pragma once

#include "kernel/links.hpp"
#include "kernel/netns.hpp"
#include "model/summary.hpp"
#include "util/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace brpath {

// Now; what a run adds is not filled in.
Node describe_node(const std::string &netns);

// Moves the calling thread into the namespace of that name or path, for good; empty: it stays.
Result<Netns> enter_wanted_netns(const std::string &wanted);

// The bridge's ifindex, 0 for all. Error (usage) if the one asked for is not there.
Result<std::uint32_t> pick_bridge(const std::vector<Link> &bridges, const std::string &wanted);

} // namespace brpath
