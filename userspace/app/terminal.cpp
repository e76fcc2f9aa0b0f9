// SPDX-License-Identifier: BSD-2-Clause
#include "app/terminal.hpp"

#include "app/colour.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

namespace brpath {

TerminalSize terminal_size(int fd) {
    winsize size{};

    if (isatty(fd) == 0 || ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return {};
    return {size.ws_col, size.ws_row};
}

TableStyle table_style(int fd) { return {isatty(fd) != 0 && colour_is_wanted(), terminal_size(fd).columns}; }

} // namespace brpath
