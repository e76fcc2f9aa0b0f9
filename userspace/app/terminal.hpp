// SPDX-License-Identifier: BSD-2-Clause
// Where results are shown.
#pragma once

#include "output/render.hpp"

#include <cstddef>

namespace brpath {

struct TerminalSize {
    int columns = 120;
    std::size_t rows = 0; // 0: no limit
};

// Of what is no terminal: as it stands above.
TerminalSize terminal_size(int fd);

// As wide as the terminal, and in colour if that is wanted there.
TableStyle table_style(int fd);

} // namespace brpath
