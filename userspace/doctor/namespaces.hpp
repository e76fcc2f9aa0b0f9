// SPDX-License-Identifier: BSD-2-Clause
// The network namespaces of a node.
#pragma once

#include "kernel/netns.hpp"
#include "util/result.hpp"

#include <functional>
#include <string>
#include <vector>

namespace brpath {

// Hands each to the function, opened and one at a time, so that there are never many descriptors: the calling
// thread's own one first, then those with a name below /run/netns, then those that processes are in, by a
// path below /proc. Each namespace once. Returns those that could not be opened, with the reason; processes
// that may not be looked at are one.
std::vector<std::string> for_each_netns(const std::function<void(const Netns &)> &handle);

} // namespace brpath
