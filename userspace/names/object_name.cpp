// SPDX-License-Identifier: BSD-2-Clause
#include "names/object_name.hpp"

#include "util/printable.hpp"

namespace brpath {

std::string object_name(std::string_view space, std::string_view name) {
    if (space.empty() || name.empty() || space.size() > object_name_bytes_max ||
        name.size() > object_name_bytes_max)
        return "";
    return printable(space) + "/" + printable(name);
}

} // namespace brpath
