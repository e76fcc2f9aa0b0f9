// SPDX-License-Identifier: BSD-2-Clause
// Text as a terminal shows it: how wide it is, and how to make it fit.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace brpath {

// Fit for one place on a line: no control characters, valid UTF-8, and nothing that reorders or breaks the
// text around it. The other functions here take what this has returned.
std::string clean(std::string_view text);

// Columns that it takes.
std::size_t display_width(std::string_view text);

// With at most `width` columns; what is too long loses its middle, so that both ends can be read.
std::string elided(std::string_view text, std::size_t width);

// The longest beginning that fits, at least one character.
std::string_view beginning(std::string_view text, std::size_t width);

// Filled with spaces at the right.
std::string padded(std::string text, std::size_t width);

} // namespace brpath
