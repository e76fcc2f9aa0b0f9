// SPDX-License-Identifier: BSD-2-Clause
// From options to an attached session, everything checked on the way.
#pragma once

#include "app/diagnostics.hpp"
#include "app/probing.hpp"
#include "app/signals.hpp"
#include "app/system_view.hpp"
#include "app/writers.hpp"
#include "cli/options.hpp"
#include "model/summary.hpp"
#include "names/names.hpp"
#include "util/pace.hpp"
#include "util/result.hpp"

#include <cstdint>
#include <memory>

namespace brpath {

enum class RefreshNames : std::uint8_t {
    as_it_goes, // what is costly to read waits until it is due (NameSource::hurry)
    for_good,   // for the last summary
};

struct Started {
    Node node;
    Target target;
    SystemView view;
    Names names;
    Probing probing;
    Writers writers;
    bool is_over = false; // the duration passed while it waited for a bridge
    Pace fdb_pace{50};    // a bridge may have learned thousands of MACs: at most 2 % of the time

    // Devices, setting and names as they are now.
    Result<void> refresh(RefreshNames wanted);
    // The sysctls, for the programs.
    void poll_setting();
};

// nullptr: a signal came while it waited for a bridge to appear. On the heap because the observation refers
// to its parts.
Result<std::unique_ptr<Started>> start(const ObserveOptions &options, StopSignals &signals,
                                       const Diagnostics &diagnostics);

} // namespace brpath
