// SPDX-License-Identifier: BSD-2-Clause
// `brpath doctor`: what is set, what translates, what would break, what to do about it. It reads only.
#pragma once

#include "cli/options.hpp"
#include "model/audit.hpp"
#include "util/result.hpp"

namespace brpath {

// The worst that it found.
Result<CheckResult> doctor(const DoctorOptions &options);

} // namespace brpath
