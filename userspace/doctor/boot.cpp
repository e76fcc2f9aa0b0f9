// SPDX-License-Identifier: BSD-2-Clause
#include "doctor/boot.hpp"

#include "util/printable.hpp"
#include "util/setting_names.hpp"

namespace brpath {

std::vector<BootSysctl> boot_sysctls(const BootSettings &boot, const NamespaceSettings &settings,
                                     std::span<const char *const> keys) {
    std::vector<BootSysctl> values;

    for (const char *key : keys)
        if (const auto at_boot = boot.value(key)) {
            const auto now = value_of(settings, key);
            values.push_back({key, now ? std::to_string(*now) : "", printable(at_boot->value),
                              printable(at_boot->file), static_cast<std::int64_t>(at_boot->line)});
        }
    return values;
}

BootFacts read_boot_facts(const NamespaceSettings &settings, const std::string &root) {
    return {.module_file = printable(boot_module_file(setting::module, root).value_or("")),
            .udev_rule = printable(boot_udev_file(setting::module, root).value_or("")),
            .values = boot_sysctls(BootSettings::read(root), settings, setting::sysctls)};
}

} // namespace brpath
