// SPDX-License-Identifier: BSD-2-Clause
// At which bridge port a MAC is, as the bridges have learned it. Nothing here asks the kernel.
#pragma once

#include "kernel/routes.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace brpath {

// A MAC is given again, too: Docker makes it from the address. So a place counts for what was said after the
// MAC had been there for a second, by which time a source has told of a move.
class MacPorts {
  public:
    using Clock = std::chrono::steady_clock;

    // What the bridges have learned now; only entries that count. True if place() may answer otherwise than
    // before.
    bool renew(const std::vector<NeighbourEntry> &learned,
               const std::function<bool(const NeighbourEntry &)> &counts, Clock::time_point now);

    // The port's ifindex for what was said at `said`; 0: at none, at several, or not for long enough.
    [[nodiscard]] std::uint32_t place(std::string_view mac, Clock::time_point said) const;

  private:
    struct Place {
        std::uint32_t port = 0; // 0: several
        Clock::time_point since{};
        bool is_settled = false; // for long enough, at the last look
    };

    std::map<std::string, Place, std::less<>> places_;
};

} // namespace brpath
