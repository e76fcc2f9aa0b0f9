// SPDX-License-Identifier: BSD-2-Clause
// The options of a command, as data: parsing, help and suggestions read the same rows.
#pragma once

#include "util/result.hpp"

#include <string>

namespace brpath {

template <typename Options> struct OptionRow {
    const char *name;
    const char *value; // what stands for the value in the help; empty: it takes none
    const char *group; // heading in the help; empty: hidden
    const char *help;
    Result<void> (*apply)(Options &options, const std::string &value);
    bool repeats = false; // may be given more than once
};

template <typename Options, std::string Options::*member>
Result<void> set_text(Options &options, const std::string &value) {
    options.*member = value;
    return {};
}

// "-" is stdout.
template <typename Options> Result<void> set_output(Options &options, const std::string &value) {
    options.output = value == "-" ? "" : value;
    return {};
}

} // namespace brpath
