// SPDX-License-Identifier: BSD-2-Clause
// The kernel's own type information, without which CO-RE programs cannot be fitted to it.
#pragma once

#include <string>

namespace brpath {

// The file is there, may be read, and is BTF of this machine's byte order.
[[nodiscard]] bool has_vmlinux_btf(const std::string &path = "/sys/kernel/btf/vmlinux");

} // namespace brpath
