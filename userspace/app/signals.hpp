// SPDX-License-Identifier: BSD-2-Clause
// SIGINT, SIGTERM and SIGHUP as something to wait for.
#pragma once

#include "util/result.hpp"
#include "util/unique_fd.hpp"

#include <chrono>

namespace brpath {

class StopSignals {
  public:
    // Blocks the signals for the process and ignores SIGPIPE: writing to a closed pipe is an error value.
    static Result<StopSignals> make();

    // True once one of them has come, within the time given at most. From then on a second one ends the
    // process at once, SIGINT with exit status 130; the kernel detaches what was attached.
    // Ends early, with false, when `other` becomes readable; -1: there is no other one.
    [[nodiscard]] bool wait(std::chrono::milliseconds at_most, int other = -1);

    // Becomes readable when one of them has come; for those who wait for more than that.
    [[nodiscard]] int fd() const { return fd_.get(); }

    // Waits until a descriptor can be written to. False: the first signal came before that.
    [[nodiscard]] bool wait_writable(int fd);

  private:
    explicit StopSignals(UniqueFd fd) : fd_(std::move(fd)) {}

    bool take_signal();

    UniqueFd fd_;
    bool stopped_ = false;
};

} // namespace brpath
