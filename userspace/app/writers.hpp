// SPDX-License-Identifier: BSD-2-Clause
// Who changes the setting of the observed namespace, where that can be known. An observation does without.
#pragma once

#include "model/change.hpp"
#include "watch/change_log.hpp"

#include <optional>
#include <string>
#include <vector>

namespace brpath {

class Writers {
  public:
    // Of the calling thread's namespace.
    static Writers open();

    // What was changed since the last call. A write of a sysctl is told before the sysctl has its value.
    std::vector<Change> take();

    // Readable when there is something to take about a sysctl; -1: never.
    [[nodiscard]] int fd() const { return log_ ? log_->write_fd() : -1; }

    // Why nobody is named; empty: whoever can be is.
    [[nodiscard]] const std::string &why_not() const { return why_not_; }

  private:
    std::optional<ChangeLog> log_;
    std::string why_not_;
};

} // namespace brpath
