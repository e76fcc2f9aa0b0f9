// SPDX-License-Identifier: BSD-2-Clause
// Where kernel functions are.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace brpath {

// Addresses of those names that are there, of modules too. Where a name occurs twice, the first one's.
// Addresses hidden by kptr_restrict (zero) count as not found, and so does everything if the file cannot be
// read.
std::map<std::string, std::uint64_t> find_symbols(const std::vector<std::string> &names,
                                                  const std::string &path = "/proc/kallsyms");

} // namespace brpath
