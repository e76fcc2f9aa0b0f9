// SPDX-License-Identifier: BSD-2-Clause
// A whole file as text, for the small files of /proc and for files that the user names.
#pragma once

#include <cstddef>
#include <string>
#include <tl/expected.hpp>

namespace brpath {

// The content, or errno. EFBIG if there are more than bytes_max: /dev/zero may be named by mistake.
[[nodiscard]] tl::expected<std::string, int> read_file(const std::string &path, std::size_t bytes_max);

} // namespace brpath
