// SPDX-License-Identifier: BSD-2-Clause
// The programs' state of each CPU, seen through a mapping: a system call would keep kprobe programs from
// running on this CPU meanwhile (docs/decisions/0012-reading-without-system-calls.md).
#pragma once

#include "util/result.hpp"

#include <brpath/abi.h>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace brpath {

class CpuStates {
  public:
    // `map`: the descriptor of the map `cpus`, with as many entries.
    static Result<CpuStates> make(int map, std::size_t cpus);

    [[nodiscard]] std::size_t count() const { return cpus_; }

    // A copy. Numbers are whole; a frame that is being changed may be in part the former one.
    [[nodiscard]] std::vector<brpath_cpu> read() const;

  private:
    struct Unmap {
        std::size_t bytes = 0;
        void operator()(const void *address) const;
    };

    CpuStates(std::unique_ptr<const void, Unmap> memory, std::size_t cpus)
        : memory_(std::move(memory)), cpus_(cpus) {}

    std::unique_ptr<const void, Unmap> memory_;
    std::size_t cpus_;
};

} // namespace brpath
