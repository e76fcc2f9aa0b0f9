// SPDX-License-Identifier: BSD-2-Clause
// The kernel's type information (BTF), of vmlinux and of modules.
#pragma once

#include "probe/handles.hpp"
#include "probe/hook_table.hpp"
#include "util/unique_fd.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace brpath {

struct TypeOfSymbol {
    UniqueFd module;        // of its BTF; empty: vmlinux
    std::uint32_t type = 0; // 0: nowhere
};

// Read when first asked for, and kept: to parse it takes longer than all else.
class KernelTypes {
  public:
    // The type of the candidate's function, or of its tracepoint's arguments.
    TypeOfSymbol find(const Candidate &candidate);

  private:
    struct Module {
        UniqueFd fd;
        BtfHandle types; // refer to vmlinux_
    };

    Module read_module(const char *wanted) const;

    BtfHandle vmlinux_;
    std::map<std::string, Module> modules_; // those that were asked for
};

} // namespace brpath
