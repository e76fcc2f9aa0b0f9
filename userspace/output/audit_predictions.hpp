// SPDX-License-Identifier: BSD-2-Clause
// What becomes of pairs of pods, as a table: what is the same for several bridges or for both families is
// said once.
#pragma once

#include "model/audit.hpp"
#include "output/render.hpp"

#include <string>

namespace brpath {

// Begins with an empty line; empty if there is no bridge.
std::string render_predictions(const NamespaceAudit &audit, const TableStyle &style);

} // namespace brpath
