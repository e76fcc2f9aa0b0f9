// SPDX-License-Identifier: BSD-2-Clause
#include "model/effective.hpp"

namespace brpath {

namespace {

std::optional<int> either(std::optional<int> sysctl, std::optional<int> bridge) {
    if (sysctl.value_or(0) || bridge.value_or(0))
        return 1;
    return sysctl || bridge ? std::optional(0) : std::nullopt;
}

} // namespace

std::uint8_t answer(std::optional<int> value) {
    if (!value)
        return BRPATH_ANSWER_UNKNOWN;
    return *value ? BRPATH_ANSWER_YES : BRPATH_ANSWER_NO;
}

FamilySetting family_setting(std::optional<int> sysctl, std::optional<bool> attribute, bool module_present) {
    const std::optional<int> bridge = attribute ? std::optional<int>(*attribute) : std::nullopt;

    return {sysctl, bridge, module_present ? either(sysctl, bridge) : 0};
}

} // namespace brpath
