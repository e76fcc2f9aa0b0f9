// SPDX-License-Identifier: BSD-2-Clause
#include "util/printable.hpp"

#include <doctest/doctest.h>
#include <string>
#include <string_view>

using brpath::printable;

namespace {

struct Case {
    const char *what;
    std::string_view text;
    std::string_view expected;
};

// With the length, so that NUL may be in it.
template <std::size_t size> constexpr std::string_view bytes(const char (&literal)[size]) {
    return {literal, size - 1};
}

const Case cases[] = {
    {"nothing", "", ""},
    {"an ordinary name", "veth-cart.100@if7", "veth-cart.100@if7"},
    {"the first and the last of ASCII that prints", " ~", " ~"},
    {"NUL", bytes("a\0b"), "a?b"},
    {"all ends of C0, DEL", "\x01\x1f\x7f", "???"},
    {"tab, newline, carriage return", "a\tb\nc\r", "a?b?c?"},
    {"an escape sequence", "\x1b[31mred", "?[31mred"},
    {"C1 as UTF-8 is one character",
     "a\xc2\x80\xc2\x9f"
     "b",
     "a??b"},
    {"C1 as a byte",
     "\x9b"
     "31m",
     "?31m"},
    {"the first after C1", "\xc2\xa0", "\xc2\xa0"},
    {"2, 3 and 4 bytes", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7"},
    {"the smallest of 3 and 4 bytes", "\xe0\xa0\x80\xf0\x90\x80\x80", "\xe0\xa0\x80\xf0\x90\x80\x80"},
    {"the largest", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
    {"beyond the largest", "\xf4\x90\x80\x80", "????"},
    {"overlong slash in 2, 3, 4 bytes", "\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xaf", "?????????"},
    {"overlong escape", "\xc0\x9b", "??"},
    {"ends of the surrogates", "\xed\xa0\x80\xed\xbf\xbf", "??????"},
    {"next to the surrogates", "\xed\x9f\xbf\xee\x80\x80", "\xed\x9f\xbf\xee\x80\x80"},
    {"cut at the end", "a\xe2\x82", "a??"},
    {"cut by a letter, which stays", "\xe2(\xa1", "?(?"},
    {"cut by a newline", "\xf0\x9f\n\xa7", "????"},
    {"continuation without a beginning", "\x80\xbf", "??"},
    {"bytes that no UTF-8 has", "\xf8\x88\x80\x80\x80\xfe\xff", "???????"},
};

} // namespace

TEST_CASE("printable") {
    for (const Case &test : cases) {
        CAPTURE(test.what);
        CHECK(printable(test.text) == std::string(test.expected));
    }
}

TEST_CASE("printable changes nothing the second time, whatever two bytes there are") {
    for (int first = 0; first < 256; ++first)
        for (int second = 0; second < 256; ++second) {
            const std::string text{static_cast<char>(first), static_cast<char>(second)};
            const std::string once = printable(text);
            REQUIRE(printable(once) == once);
        }
}
