// SPDX-License-Identifier: BSD-2-Clause
#include "util/printable.hpp"

#include <cstddef>

namespace brpath {

namespace {

struct Lead {
    std::size_t length; // of the whole character
    char32_t bits;      // that the first byte carries
    char32_t smallest;  // anything below is overlong
};

// For the first byte of a character of several bytes; length 0 if no character begins so.
Lead lead_of(unsigned char byte) {
    if (byte >= 0xc0 && byte < 0xe0)
        return {2, byte & 0x1fU, 0x80};
    if (byte >= 0xe0 && byte < 0xf0)
        return {3, byte & 0x0fU, 0x800};
    if (byte >= 0xf0 && byte < 0xf8)
        return {4, byte & 0x07U, 0x10000};
    return {0, 0, 0};
}

struct Character {
    std::size_t length = 1;
    bool is_printable = false;
};

Character first_character(std::string_view text) {
    const auto first = static_cast<unsigned char>(text[0]);
    if (first < 0x80)
        return {1, first >= 0x20 && first != 0x7f};
    const Lead lead = lead_of(first);
    if (lead.length == 0 || lead.length > text.size())
        return {};
    char32_t code = lead.bits;
    for (const char next : text.substr(1, lead.length - 1)) {
        const auto byte = static_cast<unsigned char>(next);
        if ((byte & 0xc0) != 0x80)
            return {};
        code = (code << 6) | (byte & 0x3fU);
    }
    const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code < lead.smallest || code > 0x10ffff || is_surrogate)
        return {};
    const bool is_c1 = code < 0xa0;
    return {lead.length, !is_c1};
}

} // namespace

std::string printable(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const Character character = first_character(text);
        if (character.is_printable)
            result += text.substr(0, character.length);
        else
            result += '?';
        text.remove_prefix(character.length);
    }
    return result;
}

} // namespace brpath
