// SPDX-License-Identifier: BSD-2-Clause
// The sysctls of br_netfilter, by the numbers that the programs know them by.
#pragma once

#include "util/setting_names.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace brpath {

inline constexpr std::array<const char *, 6> watched_sysctls = {
    setting::call_iptables,      setting::call_ip6tables,      setting::call_arptables,
    setting::filter_vlan_tagged, setting::filter_pppoe_tagged, setting::pass_vlan_input_dev};

} // namespace brpath
