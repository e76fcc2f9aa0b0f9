// SPDX-License-Identifier: BSD-2-Clause
// Running text within a width.
#pragma once

#include "output/ink.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace brpath {

// Lines of at most `width` columns, broken at spaces; a word that is longer is broken where the line ends.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

// The first line begins with `label`, all with the text at column `indent`.
struct Paragraph {
    std::string label;
    std::size_t indent = 0;
    Ink label_ink = Ink::plain;
    Ink ink = Ink::plain;
};

std::string paragraph(const Paragraph &layout, std::string_view text, std::size_t columns, bool colour);

} // namespace brpath
