// SPDX-License-Identifier: BSD-2-Clause
// From options to an attached session, everything checked on the way.
#pragma once

#include "app/diagnostics.hpp"
#include "app/pace.hpp"
#include "app/probing.hpp"
#include "app/signals.hpp"
#include "app/system_view.hpp"
#include "cli/options.hpp"
#include "model/summary.hpp"
#include "names/names.hpp"
#include "util/result.hpp"

#include <cstdint>
#include <memory>

namespace brpath {

// Names are read in every network namespace, which takes half a second where there are a thousand pods.
enum class RefreshNames : std::uint8_t {
    when_changed, // if devices have changed, and it is not too soon
    when_due,     // if it is not too soon
    now,
};

struct Started {
    Node node;
    Target target;
    SystemView view;
    Names names;
    Probing probing;
    bool is_over = false; // the duration passed while it waited for a bridge

    bool names_are_old = false;
    Pace names_pace{50}; // 2 % of the time

    // Devices and setting as they are now, and perhaps names.
    Result<void> refresh(RefreshNames wanted);
    // The sysctls, for the programs.
    void poll_setting();
};

// nullptr: a signal came while it waited for a bridge to appear. On the heap because the observation refers
// to its parts.
Result<std::unique_ptr<Started>> start(const ObserveOptions &options, StopSignals &signals,
                                       const Diagnostics &diagnostics);

} // namespace brpath
