// SPDX-License-Identifier: BSD-2-Clause
// The options of `brpath observe`, as data: parsing, help and suggestions read the same rows.
#pragma once

#include "cli/options.hpp"

#include <span>
#include <string>

namespace brpath {

struct ObserveOption {
    const char *name;
    const char *value; // what stands for the value in the help
    const char *group; // heading in the help; empty: hidden
    const char *help;
    Result<void> (*apply)(ObserveOptions &options, const std::string &value);
};

std::span<const ObserveOption> observe_options();

} // namespace brpath
