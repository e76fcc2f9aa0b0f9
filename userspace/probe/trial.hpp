// SPDX-License-Identifier: BSD-2-Clause
// Does this kernel allow a way to attach? Answered by doing it once with a program that does nothing.
#pragma once

#include "probe/hook_table.hpp"
#include "util/result.hpp"

#include <memory>

namespace brpath {

// Keeps the kernel's type information between trials: to parse it takes longer than all of them.
class Trials {
  public:
    Trials();
    ~Trials();
    Trials(const Trials &) = delete;
    Trials &operator=(const Trials &) = delete;

    // Loads and attaches, then detaches. The error says why not: the symbol has no BTF, the kernel refuses,
    // ...
    Result<void> operator()(const Candidate &candidate);

  private:
    struct Types;
    std::unique_ptr<Types> types_;
};

} // namespace brpath
