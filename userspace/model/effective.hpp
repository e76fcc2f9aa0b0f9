// SPDX-License-Identifier: BSD-2-Clause
// What the sysctl and the bridge's own attribute come to.
#pragma once

#include "model/summary.hpp"

#include <cstdint>
#include <optional>

namespace brpath {

// enum brpath_answer for a value that is 0 or not, or not there.
std::uint8_t answer(std::optional<int> value);

// The kernel hooks a frame if the sysctl or the bridge's own attribute asks for it (br_netfilter_hooks.c).
// The attribute is there without the module, too, but then nobody reads it.
FamilySetting family_setting(std::optional<int> sysctl, std::optional<bool> attribute, bool module_present);

} // namespace brpath
