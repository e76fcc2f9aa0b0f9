// SPDX-License-Identifier: BSD-2-Clause
// A name and how far it is trusted.
#pragma once

#include <cstdint>
#include <string>

namespace brpath {

struct TrustedName {
    static constexpr std::uint8_t none = 255;

    std::string name;          // empty: not known
    std::uint8_t trust = none; // 0 most: the file of --names; then the sources in their order

    bool operator==(const TrustedName &) const = default;
};

} // namespace brpath
