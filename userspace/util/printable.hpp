// SPDX-License-Identifier: BSD-2-Clause
// Names from outside (devices, namespaces, files) made harmless for a terminal and for JSON.
#pragma once

#include <string>
#include <string_view>

namespace brpath {

// Control characters (C0, DEL, C1) and bytes that are no valid UTF-8 become '?'. Everything else stays.
std::string printable(std::string_view text);

} // namespace brpath
