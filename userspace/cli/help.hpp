// SPDX-License-Identifier: BSD-2-Clause
// What --help says, within 100 columns.
#pragma once

#include <string>

namespace brpath {

std::string help_text();
std::string observe_help_text();
std::string doctor_help_text();
std::string watch_help_text();

} // namespace brpath
