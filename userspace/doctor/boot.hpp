// SPDX-License-Identifier: BSD-2-Clause
// What the files of systemd say about the next boot.
#pragma once

#include "kernel/boot_settings.hpp"
#include "kernel/settings.hpp"
#include "model/audit.hpp"

#include <span>
#include <vector>

namespace brpath {

// What sysctl.d sets of those keys, beside what they are now.
std::vector<BootSysctl> boot_sysctls(const BootSettings &boot, const NamespaceSettings &settings,
                                     std::span<const char *const> keys);

BootFacts read_boot_facts(const NamespaceSettings &settings, const std::string &root = "/");

} // namespace brpath
