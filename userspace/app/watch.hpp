// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "cli/options.hpp"
#include "util/result.hpp"

namespace brpath {

// `brpath watch`: until the duration is over, a signal says stop, or nobody reads.
Result<void> watch(const WatchOptions &options);

} // namespace brpath
