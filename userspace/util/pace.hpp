// SPDX-License-Identifier: BSD-2-Clause
// How often something costly may happen.
#pragma once

#include <chrono>

namespace brpath {

// It is due again when `share` times as long as it took the last time has passed.
class Pace {
  public:
    using Clock = std::chrono::steady_clock;

    explicit Pace(int share) : share_(share) {}

    [[nodiscard]] bool is_due(Clock::time_point now) const { return now >= next_; }

    void took(Clock::time_point begin, Clock::time_point end) { next_ = end + share_ * (end - begin); }

  private:
    int share_;
    Clock::time_point next_{};
};

} // namespace brpath
