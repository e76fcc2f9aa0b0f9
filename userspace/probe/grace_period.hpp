// SPDX-License-Identifier: BSD-2-Clause
// Waiting for BPF programs.
#pragma once

#include "util/result.hpp"
#include "util/unique_fd.hpp"

namespace brpath {

class GracePeriod {
  public:
    // Returns when every program that was running in an RCU section, as all that brpath attaches do, has
    // ended: what was stored for them before the call is what runs from now on. Takes some milliseconds.
    Result<void> wait();

  private:
    Result<void> wait_by_map();

    // A map of maps, which no program uses; made when it is needed.
    UniqueFd inner_;
    UniqueFd outer_;
};

} // namespace brpath
