// SPDX-License-Identifier: BSD-2-Clause
// Values of options that more than one command takes. Every failure is of ErrorKind::usage and names the
// option, the text and what is accepted.
#pragma once

#include "cli/suggest.hpp"
#include "util/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace brpath {

template <typename Value> struct Choice {
    const char *word;
    Value value;
};

Failure no_such_value(const char *option, const std::string &text, const std::vector<std::string> &words);

template <typename Value, std::size_t Size>
Result<Value> choose(const char *option, const std::array<Choice<Value>, Size> &choices,
                     const std::string &text) {
    std::vector<std::string> words;

    for (const auto &choice : choices) {
        if (text == choice.word)
            return choice.value;
        words.emplace_back(choice.word);
    }
    return no_such_value(option, text, words);
}

// A whole number within bounds.
Result<std::uint32_t> parse_count(const char *option, const std::string &value, std::uint32_t min,
                                  std::uint32_t max);

Result<int> parse_descriptor(const char *option, const std::string &value);

} // namespace brpath
