// SPDX-License-Identifier: BSD-2-Clause
// From counts to a diagnosis.
#pragma once

#include "model/summary.hpp"

namespace brpath {

// Fills summary.findings and the ids in summary.pairs, from pairs (named), bridges and node.
void find_all(Summary &summary);

} // namespace brpath
