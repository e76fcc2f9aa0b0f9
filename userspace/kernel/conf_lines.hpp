// SPDX-License-Identifier: BSD-2-Clause
// The files of sysctl.d and of modules-load.d: systemd finds and orders both in the same way.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace brpath {

struct ConfLine {
    std::string file;
    std::size_t number = 0; // the first line is 1
    std::string text;       // without the blanks around it; neither empty nor a comment
};

// The lines of all files of a folder such as "sysctl.d", whose names end with `suffix`, in the order in which
// systemd reads them. The name of a file counts over all places: one in /etc masks those of the same name in
// /run and /usr, even if it is empty, a link to /dev/null or not readable. Never fails: files that the caller
// may not read, or of more than 1 MiB, are left out. `root` is "/" but for tests.
std::vector<ConfLine> conf_lines(const std::string &folder, const std::string &root = "/",
                                 const std::string &suffix = ".conf");

// Without the blanks around it.
std::string_view without_blanks(std::string_view text);

} // namespace brpath
