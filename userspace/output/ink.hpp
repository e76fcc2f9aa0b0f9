// SPDX-License-Identifier: BSD-2-Clause
// Colour: the only escape sequences that ever reach the output.
#pragma once

#include <cstdint>
#include <string>

namespace brpath {

enum class Ink : std::uint8_t { plain, dim, bold, alarm };

inline std::string paint(const std::string &text, Ink ink, bool colour) {
    if (!colour || ink == Ink::plain || text.empty())
        return text;
    const char *code = ink == Ink::dim ? "\x1b[2m" : ink == Ink::bold ? "\x1b[1m" : "\x1b[1;31m";
    return code + text + "\x1b[0m";
}

} // namespace brpath
