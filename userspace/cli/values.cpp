// SPDX-License-Identifier: BSD-2-Clause
#include "cli/values.hpp"

#include "util/printable.hpp"

#include <charconv>
#include <fmt/format.h>

namespace brpath {

Failure no_such_value(const char *option, const std::string &text, const std::vector<std::string> &words) {
    const auto close = nearest(text, words);

    return fail(
        ErrorKind::usage, fmt::format("accept {} {}", option, printable(text)), "there is no such value",
        fmt::format("{}choose one of {}", close.empty() ? "" : fmt::format("did you mean {}? ", close),
                    fmt::join(words, ", ")));
}

Result<std::uint32_t> parse_count(const char *option, const std::string &value, std::uint32_t min,
                                  std::uint32_t max) {
    std::uint32_t count = 0;
    const auto outcome = std::from_chars(value.data(), value.data() + value.size(), count);

    if (outcome.ec != std::errc{} || outcome.ptr != value.data() + value.size() || count < min || count > max)
        return fail(ErrorKind::usage, fmt::format("accept {} {}", option, printable(value)),
                    "this is not a number in its range",
                    fmt::format("give a number from {} to {}", min, max));
    return count;
}

Result<int> parse_descriptor(const char *option, const std::string &value) {
    int fd = -1;
    const auto outcome = std::from_chars(value.data(), value.data() + value.size(), fd);

    if (outcome.ec != std::errc{} || outcome.ptr != value.data() + value.size() || fd < 0)
        return fail(ErrorKind::usage, fmt::format("accept {} {}", option, printable(value)),
                    "this is not the number of a file descriptor",
                    fmt::format("give a number from 0 up, as in {} 3", option));
    return fd;
}

} // namespace brpath
