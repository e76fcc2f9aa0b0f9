// SPDX-License-Identifier: BSD-2-Clause
// Devices that are neither ports nor bridges and yet carry a bridge's frames (abi.h, brpath_stacked_key).
#pragma once

#include "kernel/links.hpp"
#include "probe/session.hpp"

#include <vector>

namespace brpath {

// Below ports that are VLAN devices, bonds or teams, one upon the other too; and VLAN devices on top of
// bridges.
StackedDevices stacked_devices(const std::vector<Link> &links);

} // namespace brpath
