// SPDX-License-Identifier: BSD-2-Clause
#include "output/text_grid.hpp"

#include "output/text_width.hpp"
#include "output/text_wrap.hpp"

#include <algorithm>
#include <numeric>

namespace brpath {

namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t elastic_min = 7;

using Widths = std::vector<std::size_t>;

Widths natural_widths(const Grid &grid) {
    Widths widths;

    for (const auto &column : grid.columns)
        widths.push_back(display_width(column.title));
    for (const auto &row : grid.rows)
        for (std::size_t i = 0; i < row.cells.size(); i++)
            for (const auto &line : row.cells[i].lines)
                widths[i] = std::max(widths[i], display_width(line));
    return widths;
}

std::size_t total(const Widths &widths) {
    return std::accumulate(widths.begin(), widths.end(), std::size_t{0}) + gap * (widths.size() - 1);
}

// Takes columns from the widest, one by one, so that the narrow ones stay whole.
template <typename MayShrink> void shrink(Widths &widths, std::size_t columns, MayShrink may_shrink) {
    while (total(widths) > columns) {
        std::size_t widest = widths.size();
        for (std::size_t i = 0; i < widths.size(); i++)
            if (may_shrink(i) && (widest == widths.size() || widths[i] > widths[widest]))
                widest = i;
        if (widest == widths.size())
            return;
        widths[widest]--;
    }
}

Widths fitting_widths(const Grid &grid, std::size_t columns) {
    Widths widths = natural_widths(grid);

    shrink(widths, columns,
           [&](std::size_t i) { return grid.columns[i].elastic && widths[i] > elastic_min; });
    shrink(widths, columns, [&](std::size_t i) { return widths[i] > elastic_min; });
    return widths;
}

std::string render_line(const std::vector<Cell> &cells, std::size_t line, const Widths &widths, bool colour) {
    std::string result;
    std::size_t owed = 0; // spaces before the next text; none at the end of a line

    for (std::size_t i = 0; i < cells.size(); i++) {
        const auto &lines = cells[i].lines;
        const std::string text = line < lines.size() ? elided(lines[line], widths[i]) : "";
        if (!text.empty()) {
            result += std::string(owed, ' ') + paint(text, cells[i].ink, colour);
            owed = 0;
        }
        owed += widths[i] - display_width(text) + gap;
    }
    return result + '\n';
}

} // namespace

std::size_t grid_width(const Grid &grid, std::size_t elastic_max) {
    Widths widths = natural_widths(grid);

    for (std::size_t i = 0; i < widths.size(); i++)
        if (grid.columns[i].elastic)
            widths[i] = std::min(widths[i], elastic_max);
    return total(widths);
}

std::string render_grid(const Grid &grid, std::size_t columns, bool colour) {
    const Widths widths = fitting_widths(grid, columns);
    std::vector<Cell> titles;

    for (const auto &column : grid.columns)
        titles.push_back({{column.title}, Ink::dim});
    std::string result = render_line(titles, 0, widths, colour);
    for (const auto &row : grid.rows) {
        std::size_t height = 1;
        for (const auto &cell : row.cells)
            height = std::max(height, cell.lines.size());
        for (std::size_t line = 0; line < height; line++)
            result += render_line(row.cells, line, widths, colour);
        if (!row.note.empty())
            result += paragraph({.label = "  !", .indent = 4, .label_ink = Ink::alarm, .ink = Ink::alarm},
                                row.note, columns, colour);
    }
    return result;
}

} // namespace brpath
