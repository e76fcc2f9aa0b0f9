// SPDX-License-Identifier: BSD-2-Clause
// One observation from its beginning: harvests go in, summaries come out.
#pragma once

#include "app/evidence.hpp"
#include "app/setting_log.hpp"
#include "app/system_view.hpp"
#include "model/pairs.hpp"
#include "model/summary.hpp"
#include "model/timeline.hpp"
#include "names/names.hpp"
#include "probe/collector.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace brpath {

class Observation {
  public:
    // `view` and `names` are kept current by the caller and must outlive it.
    Observation(const SystemView &view, Names &names, std::string only_bridge, std::size_t max_pairs);
    Observation(const Observation &) = delete; // the pairs refer to it
    Observation &operator=(const Observation &) = delete;

    // What conntrack knows already. Once, before anything is added.
    Result<void> learn_connections() { return brpath::learn_connections(pairs_); }

    void add(const Harvest &harvest);

    // The setting is not what it was. Then a harvest should follow, so that what was counted before it is
    // told from what came after; add() notes the change.
    [[nodiscard]] bool is_setting_new() const { return log_.is_behind(*view_) && !timeline_.is_full(); }

    // It is about to be.
    [[nodiscard]] bool awaits_change(std::int64_t now_ns) const { return timeline_.awaits_change(now_ns); }

    // Somebody made a change of the setting, which was noted or will be.
    void learn_writer(const Change &change) { timeline_.learn_writer(change); }

    // Frames that have ended but are not harvested (Harvest::last_frames of the last one) count in this
    // summary only. `head` has what is not counted: node, hooks, losses.missed_probes.
    Summary summarise(Summary head, const std::vector<FlowCounts> &last_frames);

    // The last frames for good: nothing else will count them any more.
    void add_for_good(const std::vector<FlowCounts> &last_frames);

  private:
    void add_last(const std::vector<FlowCounts> &last_frames, int sign);
    void note_changes(const std::vector<FlowCounts> &last_frames);
    TrustedName who(const Address &address, std::uint32_t port);
    void follow_names();
    void name(Endpoint &endpoint);
    template <typename SomePair> void name_all(std::vector<SomePair> &pairs);
    void fill_totals(Summary &summary) const;

    const SystemView *view_;
    Names *names_;
    std::string only_bridge_;
    SettingLog log_;
    PairTable pairs_;
    Timeline timeline_;
    std::map<std::pair<Address, std::uint32_t>, TrustedName> known_; // what names_ has answered
    std::uint64_t names_version_ = 0;                                // when it did
    Evidence evidence_;
    brpath_totals totals_{}; // since the beginning
};

} // namespace brpath
