// SPDX-License-Identifier: BSD-2-Clause
// All sources of names there are: the one place that knows them.
#pragma once

#include "names/source.hpp"

#include <memory>
#include <string>
#include <vector>

namespace brpath {

// Those that are `wanted` (by id; empty: all), the most trusted first. `root` goes before each path that a
// source reads; empty but for tests.
std::vector<std::unique_ptr<NameSource>> make_name_sources(const std::vector<std::string> &wanted,
                                                           const std::string &root);

} // namespace brpath
