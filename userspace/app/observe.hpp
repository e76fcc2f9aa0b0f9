// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "cli/options.hpp"
#include "model/summary.hpp"
#include "util/result.hpp"

#include <optional>

namespace brpath {

// `brpath observe`: until the duration is over or a signal says stop. Enters the namespace asked for.
// Gives the greatest severity in the last summary; nullopt: it has no finding, or there is none.
Result<std::optional<Severity>> observe(const ObserveOptions &options);

} // namespace brpath
