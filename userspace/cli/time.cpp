// SPDX-License-Identifier: BSD-2-Clause
#include "cli/time.hpp"

#include "util/printable.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <fmt/format.h>
#include <optional>

namespace brpath {

namespace {

constexpr double milliseconds_max = 366.0 * 24 * 3600 * 1000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<double> milliseconds_per(std::string_view unit) {
    if (unit == "ms")
        return 1;
    if (unit.empty() || unit == "s")
        return 1000;
    if (unit == "m")
        return 60.0 * 1000;
    if (unit == "h")
        return 3600.0 * 1000;
    return std::nullopt;
}

// Digits, and a fraction if there is a point: from_chars alone would let "inf", "1." and "-1" through.
std::size_t number_length(std::string_view text) {
    std::size_t length = 0;

    while (length < text.size() && is_digit(text[length]))
        length++;
    if (length == 0 || length + 1 >= text.size() || text[length] != '.' || !is_digit(text[length + 1]))
        return length;
    length++;
    while (length < text.size() && is_digit(text[length]))
        length++;
    return length;
}

} // namespace

Failure unfit_time(std::string_view option, std::string_view text, std::string why) {
    return fail(ErrorKind::usage, fmt::format("accept {} {}", option, printable(text)), std::move(why),
                "give a time as 500ms, 2s, 1.5s, 3m or 1h; a plain number is seconds");
}

Result<std::chrono::milliseconds> parse_time(std::string_view option, std::string_view text) {
    const bool negative = text.size() > 1 && text[0] == '-' && is_digit(text[1]);
    const std::string_view positive = negative ? text.substr(1) : text;
    const std::size_t length = number_length(positive);
    const auto unit = milliseconds_per(positive.substr(length));
    double number = 0;

    if (length == 0 || !unit)
        return unfit_time(option, text, "this is not a time");
    // digits that do not fit a double leave `number` as it is
    const auto outcome = std::from_chars(positive.data(), positive.data() + length, number);
    const double milliseconds = std::round(number * *unit);
    if (outcome.ec != std::errc{} || milliseconds > milliseconds_max)
        return unfit_time(option, text, "this is longer than a year");
    if (negative || milliseconds < 1)
        return unfit_time(option, text, "it has to be more than zero, and no less than 1ms");
    return std::chrono::milliseconds(static_cast<std::int64_t>(milliseconds));
}

} // namespace brpath
