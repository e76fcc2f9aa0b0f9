// SPDX-License-Identifier: BSD-2-Clause
// What changed about the setting, in the order of time: who did it, and how the handling of pairs moved with
// it.
#pragma once

#include "model/change.hpp"
#include "model/pairs.hpp"
#include "model/summary.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace brpath {

class Timeline {
  public:
    // Changes that were seen at one look, at this time (CLOCK_REALTIME), when `pairs` had all frames of
    // before. The first changes_max are kept: who flips a setting a thousand times has been found out. The
    // frames of the last one end with the first that is not kept.
    void add(std::vector<SettingChange> seen, std::int64_t now_ns, PairTable &pairs);

    // Somebody made a change; it may have been added already, or will be.
    void learn_writer(const Change &change);

    // Somebody has just written what was not added yet: it is about to be seen.
    [[nodiscard]] bool awaits_change(std::int64_t now_ns) const;

    // No more is kept, and the frames of what is kept have ended.
    [[nodiscard]] bool is_full() const { return open_ == changes_max; }

    // With what `pairs` has counted by now.
    [[nodiscard]] std::vector<SettingChange> changes(const PairTable &pairs) const;

    [[nodiscard]] std::int64_t unlisted() const { return unlisted_; }

    static constexpr std::size_t changes_max = 100;

  private:
    struct Writer {
        std::int64_t time_ns = 0;
        Who who;
    };
    using What = std::pair<std::string, std::string>; // what changed, and to which value

    void close(const PairTable &pairs);
    void name_writer(SettingChange &change, std::int64_t now_ns);

    std::vector<SettingChange> changes_;
    std::vector<std::int64_t> seen_ns_; // of each
    std::size_t open_ = 0; // from this one on they are of one moment, the last, which still lasts
    std::int64_t unlisted_ = 0;
    std::map<What, Writer> writers_; // who made what was not added yet, the last one each
};

} // namespace brpath
