// SPDX-License-Identifier: BSD-2-Clause
// What stands around the pairs. Each function gives whole lines.
#pragma once

#include "model/summary.hpp"
#include "output/render.hpp"

#include <string>

namespace brpath {

std::string render_header(const Summary &summary, const TableStyle &style);
std::string render_settings(const Summary &summary, const TableStyle &style);
// What changed, who did it, and what became of whom; empty if nothing changed.
std::string render_timeline(const Summary &summary, const TableStyle &style);
std::string render_frames(const Summary &summary, const TableStyle &style);
std::string render_hooks(const Summary &summary, const TableStyle &style);
// One line if a source of names is down, or if nothing has a name; else empty.
std::string render_names(const Summary &summary, const TableStyle &style);
std::string render_losses(const Summary &summary, const TableStyle &style);
std::string render_findings(const Summary &summary, const TableStyle &style);

// A line that begins with a heading, and goes on below the text if it is long.
std::string labelled(const std::string &label, const std::string &text, const TableStyle &style,
                     bool alarm = false);

// "10.0 s", "3 min 20 s", "2 h 05 min".
std::string time_text(double seconds);

} // namespace brpath
