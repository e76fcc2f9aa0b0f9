// SPDX-License-Identifier: BSD-2-Clause
#include "names/names.hpp"

#include "util/printable.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>

namespace brpath {

namespace {

constexpr std::string_view blanks = " \t\r\f\v";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

// A file that is no text may have a "word" of megabytes.
constexpr std::size_t word_in_error_max = 60;

// Cuts the first word off a line; empty if there is none.
std::string_view take_word(std::string_view &line) {
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    const std::string_view word = line.substr(0, line.find_first_of(blanks));
    line.remove_prefix(word.size());
    return word;
}

// As inet_ntop writes it, so that one address has one spelling.
std::optional<std::string> canonical_address(std::string_view text) {
    const std::string terminated(text);
    if (terminated.find('\0') != std::string::npos)
        return std::nullopt; // inet_pton would stop there and see an address
    for (const int family : {AF_INET, AF_INET6}) {
        in6_addr binary{}; // the larger of the two
        std::array<char, INET6_ADDRSTRLEN> canonical{};
        if (::inet_pton(family, terminated.c_str(), &binary) == 1 &&
            ::inet_ntop(family, &binary, canonical.data(), canonical.size()) != nullptr)
            return canonical.data();
    }
    return std::nullopt;
}

std::string quoted(std::string_view word) {
    const bool is_cut = word.size() > word_in_error_max;
    return "'" + printable(word.substr(0, word_in_error_max)) + (is_cut ? "...'" : "'");
}

Failure broken_line(const std::string &label, std::size_t line_number, const std::string &why) {
    return fail(ErrorKind::usage, "read names from " + label,
                "line " + std::to_string(line_number) + ": " + why,
                "each line is an address and its name, such as: 10.0.0.7 shop/cart");
}

} // namespace

Result<std::map<std::string, std::string, std::less<>>> parse_hosts(std::string_view text,
                                                                    const std::string &label) {
    std::map<std::string, std::string, std::less<>> names;
    if (text.starts_with(byte_order_mark))
        text.remove_prefix(byte_order_mark.size());
    for (std::size_t line_number = 1; !text.empty(); ++line_number) {
        const std::string_view whole = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(whole.size() + 1, text.size()));

        std::string_view line = whole.substr(0, whole.find('#'));
        const std::string_view word = take_word(line);
        if (word.empty())
            continue;
        auto address = canonical_address(word);
        if (!address)
            return broken_line(label, line_number, quoted(word) + " is not an IP address");
        const std::string_view name = take_word(line);
        if (name.empty())
            return broken_line(label, line_number, *address + " has no name");
        names.emplace(std::move(*address), printable(name)); // the first line wins, as it does in hosts(5)
    }
    return names;
}

} // namespace brpath
