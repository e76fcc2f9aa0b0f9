// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/read_file.hpp"

#include "util/unique_fd.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace brpath {

tl::expected<std::string, int> read_file(const std::string &path, std::size_t bytes_max) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd)
        return tl::unexpected(errno);
    std::string content;
    std::array<char, 16384> chunk;
    for (;;) {
        const ssize_t got = ::read(fd.get(), chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return tl::unexpected(errno);
        if (got == 0)
            return content;
        content.append(chunk.data(), static_cast<std::size_t>(got));
        if (content.size() > bytes_max)
            return tl::unexpected(EFBIG);
    }
}

} // namespace brpath
