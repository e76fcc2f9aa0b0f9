// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <string>

namespace brpath {

// 1234567 as "1,234,567".
inline std::string grouped(std::int64_t number) {
    std::string digits = std::to_string(number);
    const std::size_t first = number < 0 ? 1 : 0;

    for (std::size_t place = digits.size(); place > first + 3; place -= 3)
        digits.insert(place - 3, ",");
    return digits;
}

// "1 port", "2 ports"; `noun` takes an s.
inline std::string counted(std::int64_t number, const std::string &noun) {
    return grouped(number) + ' ' + noun + (number == 1 ? "" : "s");
}

} // namespace brpath
