// SPDX-License-Identifier: BSD-2-Clause
// The options of `brpath doctor`.
#pragma once

#include "cli/option_row.hpp"
#include "cli/options.hpp"

#include <span>

namespace brpath {

std::span<const OptionRow<DoctorOptions>> doctor_options();

} // namespace brpath
