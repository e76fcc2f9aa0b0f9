// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/modules.hpp"

#include "kernel/read_file.hpp"

#include <sys/stat.h>

namespace brpath {

std::optional<std::uint64_t> module_instance(const std::string &name, const std::string &root) {
    constexpr std::size_t state_bytes_max = 64;
    const std::string folder = root + "/" + name;
    struct stat status {};

    // What is built in has a folder, too, but no state. A module is of use from "live" to "going".
    const auto state = read_file(folder + "/initstate", state_bytes_max);
    if (!state || *state != "live\n" || stat(folder.c_str(), &status))
        return std::nullopt;
    return status.st_ino;
}

} // namespace brpath
