// SPDX-License-Identifier: BSD-2-Clause
// Protocols as container runtimes and Kubernetes write them.
#pragma once

#include <cstdint>
#include <string_view>

namespace brpath {

// "tcp", "UDP", "sctp": IPPROTO_*; 0 for anything else.
std::uint8_t protocol_number(std::string_view name);

} // namespace brpath
