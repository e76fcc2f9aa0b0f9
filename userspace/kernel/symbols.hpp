// SPDX-License-Identifier: BSD-2-Clause
// Where kernel functions are.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace brpath {

struct Symbol {
    std::uint64_t address = 0; // 0: hidden, by kptr_restrict or for want of CAP_SYSLOG
    std::string module;        // empty: of the kernel itself
    std::uint64_t end = 0;     // where the next one in the file begins; 0: that is no later address

    bool operator==(const Symbol &) const = default;
};

// Those of the names that are there. Where a name occurs twice, the first one. Nothing if the file cannot be
// read.
std::map<std::string, Symbol> find_symbols(const std::vector<std::string> &names,
                                           const std::string &path = "/proc/kallsyms");

} // namespace brpath
