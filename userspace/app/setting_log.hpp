// SPDX-License-Identifier: BSD-2-Clause
// What changed about the setting while brpath watched.
#pragma once

#include "app/system_view.hpp"
#include "model/summary.hpp"

#include <array>
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

    // Notes the differences, as of now, with the frames that were counted before. The first changes_max are
    // kept: who flips a setting a thousand times has been found out.
    void catch_up(const SystemView &view, const std::array<std::int64_t, BRPATH_HANDLINGS> &frames_before);

    [[nodiscard]] const std::vector<SettingChange> &changes() const { return changes_; }

  private:
    using Values = std::map<std::string, std::string>; // what: its value

    [[nodiscard]] Values values_of(const SystemView &view) const;

    std::string only_bridge_; // empty: all
    Values known_;
    std::vector<SettingChange> changes_;
};

} // namespace brpath
