// SPDX-License-Identifier: BSD-2-Clause
#include "output/text_width.hpp"

#include "util/printable.hpp"

#include <algorithm>
#include <array>

namespace brpath {

namespace {

struct Range {
    char32_t first, last;
};

// Marks that stand on the character before them, and characters without an extent.
constexpr std::array<Range, 5> no_width = {
    {{0x0300, 0x036f}, {0x1ab0, 0x1aff}, {0x200b, 0x200d}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}}};

// East Asian wide and full-width forms, and pictographs.
constexpr std::array<Range, 9> double_width = {{{0x1100, 0x115f},
                                                {0x2e80, 0xa4cf},
                                                {0xac00, 0xd7a3},
                                                {0xf900, 0xfaff},
                                                {0xfe30, 0xfe6f},
                                                {0xff00, 0xff60},
                                                {0xffe0, 0xffe6},
                                                {0x1f300, 0x1faff},
                                                {0x20000, 0x3fffd}}};

// Direction marks and overrides, line and paragraph separators, byte order mark.
constexpr std::array<Range, 4> misleading = {
    {{0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff}}};

template <std::size_t Size> bool is_in(char32_t code, const std::array<Range, Size> &ranges) {
    return std::any_of(ranges.begin(), ranges.end(),
                       [code](const Range &range) { return code >= range.first && code <= range.last; });
}

std::size_t width_of(char32_t code) {
    if (is_in(code, no_width))
        return 0;
    return is_in(code, double_width) ? 2 : 1;
}

struct Character {
    char32_t code;
    std::size_t bytes;
};

// Of valid UTF-8.
Character first_character(std::string_view text) {
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t bytes = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    char32_t code = bytes == 1 ? first : first & (0x7fU >> bytes);

    for (std::size_t i = 1; i < std::min(bytes, text.size()); i++)
        code = (code << 6) | (static_cast<unsigned char>(text[i]) & 0x3fU);
    return {code, std::min(bytes, text.size())};
}

// The longest end that fits.
std::string_view ending(std::string_view text, std::size_t width) {
    std::size_t left = display_width(text);

    while (left > width) {
        const auto character = first_character(text);
        left -= width_of(character.code);
        text.remove_prefix(character.bytes);
    }
    // a mark whose character is cut off would move to the elision
    while (!text.empty() && width_of(first_character(text).code) == 0)
        text.remove_prefix(first_character(text).bytes);
    return text;
}

} // namespace

std::string clean(std::string_view text) {
    const std::string safe = printable(text);
    std::string result;

    result.reserve(safe.size());
    for (std::string_view rest = safe; !rest.empty();) {
        const auto character = first_character(rest);
        if (is_in(character.code, misleading))
            result += '?';
        else
            result += rest.substr(0, character.bytes);
        rest.remove_prefix(character.bytes);
    }
    return result;
}

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;

    while (!text.empty()) {
        const auto character = first_character(text);
        width += width_of(character.code);
        text.remove_prefix(character.bytes);
    }
    return width;
}

std::string_view beginning(std::string_view text, std::size_t width) {
    std::size_t bytes = 0;

    for (std::string_view rest = text; !rest.empty();) {
        const auto character = first_character(rest);
        const std::size_t needed = width_of(character.code);
        if (needed > width && bytes > 0)
            break;
        width -= std::min(needed, width);
        bytes += character.bytes;
        rest.remove_prefix(character.bytes);
    }
    return text.substr(0, bytes);
}

std::string elided(std::string_view text, std::size_t width) {
    constexpr std::string_view mark = ".."; // ASCII: a serial console shows it, too

    if (display_width(text) <= width)
        return std::string(text);
    if (width < mark.size() + 2)
        return std::string(mark.substr(0, width));
    const std::size_t kept = width - mark.size();
    const std::string_view end = ending(text, kept - kept / 2);
    std::string result(beginning(text, kept / 2));

    if (display_width(result) > kept / 2)
        result.clear(); // a wide character that does not fit
    result += mark;
    result += end;
    return result;
}

std::string padded(std::string text, std::size_t width) {
    const std::size_t taken = display_width(text);

    if (taken < width)
        text.append(width - taken, ' ');
    return text;
}

} // namespace brpath
