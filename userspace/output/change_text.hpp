// SPDX-License-Identifier: BSD-2-Clause
// A change of the setting as text. Pure.
#pragma once

#include "model/change.hpp"

#include <string>

namespace brpath {

// One line for people and for the journal, with its newline.
std::string render_change_line(const Change &change);

// Schema brpath.change/1 (docs/watch.md), on one line, with its newline.
std::string render_change_json(const Change &change);

} // namespace brpath
