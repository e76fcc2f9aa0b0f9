// SPDX-License-Identifier: BSD-2-Clause
// How long to wait before something that failed is tried again.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <random>
#include <stop_token>

namespace brpath {

// Twice as long each time in a row; at random a little less, so that a cluster's nodes do not all come back
// in the same moment.
class Backoff {
  public:
    using milliseconds = std::chrono::milliseconds;

    Backoff(milliseconds first, milliseconds most) : first_(first), most_(most), next_(first) {}

    milliseconds take() {
        const auto full = next_.count();

        next_ = std::min(2 * next_, most_);
        return milliseconds(std::uniform_int_distribution<milliseconds::rep>(full / 2, full)(random_));
    }

    void reset() { next_ = first_; }

  private:
    milliseconds first_, most_, next_;
    std::minstd_rand random_{std::random_device{}()};
};

// Returns at once when a stop is requested.
inline void wait_or_stop(const std::stop_token &stop, std::chrono::milliseconds time) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);

    never.wait_for(lock, stop, time, [] { return false; });
}

} // namespace brpath
