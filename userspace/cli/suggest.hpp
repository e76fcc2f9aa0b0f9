// SPDX-License-Identifier: BSD-2-Clause
// "did you mean": the known word that is nearest to what was typed.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace brpath {

// Empty if none is close.
std::string nearest(std::string_view typed, std::span<const std::string> known);

} // namespace brpath
