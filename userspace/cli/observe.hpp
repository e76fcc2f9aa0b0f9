// SPDX-License-Identifier: BSD-2-Clause
// The options of `brpath observe`.
#pragma once

#include "cli/option_row.hpp"
#include "cli/options.hpp"

#include <span>

namespace brpath {

std::span<const OptionRow<ObserveOptions>> observe_options();

} // namespace brpath
