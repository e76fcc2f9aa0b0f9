// SPDX-License-Identifier: BSD-2-Clause
// What --names-from takes.
#pragma once

#include <array>

namespace brpath {

// In the order of trust: who runs the endpoint, then who connected it, then what only holds it or leads to
// it.
inline constexpr std::array source_ids = {"docker",  "podman", "cni",  "kubernetes", "rules",
                                          "libvirt", "netns",  "node", "overlay",    "ipam"};

} // namespace brpath
