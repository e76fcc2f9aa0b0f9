// SPDX-License-Identifier: BSD-2-Clause
// The programs of `brpath watch`, attached.
#pragma once

#include "util/result.hpp"
#include "watch/cgroup_root.hpp"

#include <brpath/watch_abi.h>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace brpath {

// Writes of anything else to this sysctl are refused.
struct Guard {
    std::string sysctl;      // one of watched_sysctls
    std::uint32_t stays = 0; // 0 or 1
    std::uint32_t netns = 0; // inode number; 0: all
};

struct WatchState;
struct WatchStateDeleter {
    void operator()(WatchState *state) const;
};

// Destruction detaches, but for what is pinned.
class WatchSession {
  public:
    // Every guard holds from here on.
    static Result<WatchSession> start(const CgroupRoot &cgroups, const std::vector<Guard> &guards);

    // Keeps the guards when this process has ended, until the file is removed. Error (usage) if there is one.
    Result<void> pin(const std::string &path);

    // Becomes readable when there are records.
    [[nodiscard]] int fd() const;

    // Hands over all records that are there, in the order of their time on each CPU.
    Result<void> consume(const std::function<void(const brpath_change &)> &handle);

    // Changes that did not fit, since the start.
    [[nodiscard]] std::uint64_t lost() const;

    // Why it cannot be told who changes a bridge's own attributes; empty: it can.
    [[nodiscard]] const std::string &blind() const;

  private:
    explicit WatchSession(std::unique_ptr<WatchState, WatchStateDeleter> state) : state_(std::move(state)) {}

    std::unique_ptr<WatchState, WatchStateDeleter> state_;
};

} // namespace brpath
