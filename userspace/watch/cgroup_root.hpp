// SPDX-License-Identifier: BSD-2-Clause
// The unified hierarchy of control groups: what a program is attached to sees every process of the node.
#pragma once

#include "util/result.hpp"
#include "util/unique_fd.hpp"

#include <cstdint>
#include <string>

namespace brpath {

class CgroupRoot {
  public:
    // Where it is mounted; else a mount of our own, which nobody else sees and which ends with us (takes
    // CAP_SYS_ADMIN). `mountinfo` is /proc/self/mountinfo but for tests.
    static Result<CgroupRoot> open(const std::string &mountinfo = "/proc/self/mountinfo");

    [[nodiscard]] int fd() const { return fd_.get(); }

    // The group with this id, as /proc/PID/cgroup would have it. Empty: it is gone, or looking for it is
    // refused (it takes CAP_DAC_READ_SEARCH).
    [[nodiscard]] std::string path_of(std::uint64_t id) const;

  private:
    CgroupRoot(UniqueFd mount, UniqueFd fd, std::string place)
        : mount_(std::move(mount)), fd_(std::move(fd)), place_(std::move(place)) {}

    UniqueFd mount_; // our own; it lives as long as this
    UniqueFd fd_;
    std::string place_; // where it is mounted; empty: our own mount
};

} // namespace brpath
