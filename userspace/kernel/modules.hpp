// SPDX-License-Identifier: BSD-2-Clause
// Kernel modules, as they come and go.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace brpath {

// Tells one loading of a module from the next: the number changes when it was unloaded and loaded again.
// nullopt: not loaded as a module, which is so for what is built in, too. `root` is "/sys/module" but for
// tests.
std::optional<std::uint64_t> module_instance(const std::string &name,
                                             const std::string &root = "/sys/module");

} // namespace brpath
