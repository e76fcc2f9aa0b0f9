// SPDX-License-Identifier: BSD-2-Clause
// Does this kernel allow a way to attach? Answered by doing it once with a program that does nothing.
#pragma once

#include "probe/hook_table.hpp"
#include "util/result.hpp"

#include <memory>

namespace brpath {

// Keeps what it has read of the kernel between trials: to read it takes longer than all of them.
class Trials {
  public:
    Trials();
    ~Trials();
    Trials(const Trials &) = delete;
    Trials &operator=(const Trials &) = delete;

    // Loads and attaches, then detaches. The error says why not, with a hint that differs: the module is not
    // loaded, it has no BTF, the function is absent or inlined, the kernel refuses.
    Result<void> operator()(const Candidate &candidate);

  private:
    struct Knowledge;
    std::unique_ptr<Knowledge> knowledge_;
};

} // namespace brpath
