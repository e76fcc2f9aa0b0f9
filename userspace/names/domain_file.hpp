// SPDX-License-Identifier: BSD-2-Clause
// libvirt's file about a virtual machine that runs.
#pragma once

#include "names/records.hpp"

#include <string_view>
#include <vector>

namespace brpath {

// A record for each interface with a tap device, by that and its MAC. False if it is no such file, or not
// whole. It takes what libvirt itself writes: not every XML.
bool parse_domain(std::string_view xml, std::vector<NameRecord> &records);

} // namespace brpath
