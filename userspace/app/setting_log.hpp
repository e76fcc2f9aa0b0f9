// SPDX-License-Identifier: BSD-2-Clause
// What has changed about the setting since the last look.
#pragma once

#include "app/system_view.hpp"
#include "model/summary.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace brpath {

class SettingLog {
  public:
    // What holds at the beginning is no change.
    SettingLog(const SystemView &view, std::string only_bridge);

    // The view differs from what is noted.
    [[nodiscard]] bool is_behind(const SystemView &view) const;

    // The differences, which are known from now on. `now_ns`: CLOCK_REALTIME.
    std::vector<SettingChange> catch_up(const SystemView &view, std::int64_t now_ns);

  private:
    using Values = std::map<std::string, std::string>; // what: its value

    [[nodiscard]] Values values_of(const SystemView &view) const;

    std::string only_bridge_; // empty: all
    Values known_;
};

} // namespace brpath
