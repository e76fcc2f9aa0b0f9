// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "app/exit_status.hpp"

#include <span>

namespace brpath {

// The whole program, from arguments without its name to an exit status.
ExitStatus run(std::span<const char *const> arguments);

} // namespace brpath
