// SPDX-License-Identifier: BSD-2-Clause
// A summary, or a page, as text. Pure: no input or output here.
#pragma once

#include "model/summary.hpp"

#include <string>
#include <string_view>

namespace brpath {

struct TableStyle {
    bool colour = false;
    int columns = 120; // width to keep within; never less than 80 is used
};

// For people. Ends with a newline.
std::string render_table(const Summary &summary, const TableStyle &style);

// Schema brpath.summary/1 (docs/summary-json.md). Indented by two; ends with a newline.
std::string render_json(const Summary &summary);

// The same document on one line, ends with a newline.
std::string render_ndjson(const Summary &summary);

// A page of docs/findings: as it is, but for headings in bold. Ends with a newline.
std::string render_page(std::string_view text, bool colour);

} // namespace brpath
