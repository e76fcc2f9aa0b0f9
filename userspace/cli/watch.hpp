// SPDX-License-Identifier: BSD-2-Clause
// The options of `brpath watch`.
#pragma once

#include "cli/option_row.hpp"
#include "cli/options.hpp"

#include <span>

namespace brpath {

std::span<const OptionRow<WatchOptions>> watch_options();

} // namespace brpath
