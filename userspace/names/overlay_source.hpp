// SPDX-License-Identifier: BSD-2-Clause
// Other nodes, by the routes and tunnels of this one.
#pragma once

#include "names/source.hpp"

#include <memory>
#include <string>

namespace brpath {

// Of the namespace of the thread that calls report(). Absent if no route leads to another node's pods. `root`
// is "/" but for tests: flannel's subnet.env is below it.
std::unique_ptr<NameSource> make_overlay_source(const std::string &root);

} // namespace brpath
