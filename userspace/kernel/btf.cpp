// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/btf.hpp"

#include "util/unique_fd.hpp"

#include <cstdint>
#include <fcntl.h>
#include <linux/btf.h>
#include <unistd.h>

namespace brpath {

bool has_vmlinux_btf(const std::string &path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::uint16_t magic = 0;
    return fd && ::read(fd.get(), &magic, sizeof(magic)) == sizeof(magic) && magic == BTF_MAGIC;
}

} // namespace brpath
