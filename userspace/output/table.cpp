// SPDX-License-Identifier: BSD-2-Clause
#include "output/render.hpp"
#include "output/table_pairs.hpp"
#include "output/table_sections.hpp"

#include <algorithm>

namespace brpath {

std::string render_table(const Summary &summary, const TableStyle &asked) {
    const TableStyle style{asked.colour, std::max(asked.columns, 80)};

    return render_header(summary, style) + '\n' + render_pairs(summary, style) + '\n' +
           render_settings(summary, style) + render_timeline(summary, style) + render_frames(summary, style) +
           render_hooks(summary, style) + render_names(summary, style) + render_losses(summary, style) +
           '\n' + render_findings(summary, style);
}

} // namespace brpath
