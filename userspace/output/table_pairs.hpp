// SPDX-License-Identifier: BSD-2-Clause
// The upper part of the table: who talks to whom.
#pragma once

#include "model/summary.hpp"
#include "output/render.hpp"

#include <string>

namespace brpath {

std::string render_pairs(const Summary &summary, const TableStyle &style);

} // namespace brpath
