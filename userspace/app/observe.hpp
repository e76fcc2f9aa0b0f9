// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "cli/options.hpp"
#include "util/result.hpp"

namespace brpath {

// `brpath observe`: until the duration is over or a signal says stop. Enters the namespace asked for.
Result<void> observe(const ObserveOptions &options);

} // namespace brpath
