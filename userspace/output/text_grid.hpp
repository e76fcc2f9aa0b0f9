// SPDX-License-Identifier: BSD-2-Clause
// Columns that line up.
#pragma once

#include "output/ink.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace brpath {

struct Cell {
    std::vector<std::string> lines; // clean; usually one
    Ink ink = Ink::plain;
};

struct Column {
    std::string title;
    bool elastic = false; // gives way first when the grid is too wide
};

struct Row {
    std::vector<Cell> cells; // one for each column
    std::string note;        // stands below the row, clean; empty: none
};

struct Grid {
    std::vector<Column> columns;
    std::vector<Row> rows;
};

// Columns the grid takes if an elastic column gets what it asks for, but not more than `elastic_max`.
std::size_t grid_width(const Grid &grid, std::size_t elastic_max);

// Title and rows, no line longer than `columns`; what does not fit is elided.
std::string render_grid(const Grid &grid, std::size_t columns, bool colour);

} // namespace brpath
