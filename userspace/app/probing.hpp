// SPDX-License-Identifier: BSD-2-Clause
// Programs attached, and what takes their counts: for as long as the modules that they are attached to stay.
#pragma once

#include "app/diagnostics.hpp"
#include "app/system_view.hpp"
#include "cli/options.hpp"
#include "model/summary.hpp"
#include "probe/collector.hpp"
#include "probe/session.hpp"
#include "util/result.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace brpath {

// The modules with functions that brpath hooks, each as it is loaded now (module_instance).
struct HookedModules {
    std::optional<std::uint64_t> bridge;
    std::optional<std::uint64_t> nf_conntrack;

    bool operator==(const HookedModules &) const = default;
};

HookedModules read_hooked_modules();

// Can frames be bridged here at all? False: bridge is a module, and not loaded.
bool has_bridge_code();

// What there is to observe.
struct Target {
    std::uint32_t netns = 0;  // inode number
    std::uint32_t bridge = 0; // ifindex; 0: all
};

struct Probing {
    HookedModules modules;
    std::vector<AttachedHook> hooks;
    std::unique_ptr<AttachedSession> session;
    Collector collector; // refers to the session
    std::chrono::milliseconds attach_time{};

    // Tells the programs what holds now: the sysctls only, or devices too.
    void tell_setting(const SystemView &view);
    Result<void> tell(const SystemView &view);
};

// Plans the hooks and attaches; nothing is counted yet.
Result<Probing> attach(const ObserveOptions &options, const Target &target, const Diagnostics &diagnostics);

} // namespace brpath
