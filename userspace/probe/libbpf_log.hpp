// SPDX-License-Identifier: BSD-2-Clause
// libbpf prints through one process-wide callback. This is the only file that sets it.
#pragma once

#include <string>

namespace brpath {

// While it lives, libbpf's messages go to it instead of stderr. One at a time.
class LibbpfLog {
  public:
    LibbpfLog();
    ~LibbpfLog();
    LibbpfLog(const LibbpfLog &) = delete;
    LibbpfLog &operator=(const LibbpfLog &) = delete;

    // Warnings since the last call; the last lines if there are many.
    std::string take();
};

} // namespace brpath
