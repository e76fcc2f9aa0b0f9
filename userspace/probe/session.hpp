// SPDX-License-Identifier: BSD-2-Clause
// The BPF object's life as types: opened -> loaded -> attached. Each step consumes the one before it.
#pragma once

#include "probe/hook_plan.hpp"
#include "util/result.hpp"

#include <brpath/abi.h>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

namespace brpath {

// Capacities of what the kernel keeps. Every frame beyond them is counted as a loss.
struct ProbeLimits {
    std::uint32_t flow_table_entries; // times two generations, some 150 bytes each
    std::uint32_t ring_bytes;         // a power of two, at least a page
};

// See abi.h.
struct StackedKeyOrder {
    bool operator()(const brpath_stacked_key &a, const brpath_stacked_key &b) const {
        return std::tie(a.ifindex, a.vlan) < std::tie(b.ifindex, b.vlan);
    }
};
using StackedDevices = std::map<brpath_stacked_key, brpath_stacked, StackedKeyOrder>;

struct ProbeMaps {
    int drains[2] = {-1,
                     -1}; // links of the iterators that empty the flow tables, by parity of the generation
    int cpus = -1;
    int recent_flows = -1;
    int records = -1;
};

// What owns the skeleton and its links; defined where the generated header is included.
struct SessionState;
struct SessionStateDeleter {
    void operator()(SessionState *state) const;
};
using SessionStateHandle = std::unique_ptr<SessionState, SessionStateDeleter>;

// Everything is attached. Nothing is recorded before enable() and after disable(). Destruction detaches.
class AttachedSession {
  public:
    explicit AttachedSession(SessionStateHandle state) : state_(std::move(state)) {}

    void enable();
    void disable();

    // What holds from now on; the programs need it for frames in which netfilter left no trace.
    void set_setting(const brpath_setting &ipv4, const brpath_setting &ipv6, bool bridge_attributes);

    // Where conntrack's hook functions are, as far as known.
    void set_conntrack_in(std::uint64_t ipv4, std::uint64_t ipv6);

    // Where nf_hook_slow() begins and ends; `end` 0: that is not known.
    void set_nf_hook_slow(std::uint64_t begin, std::uint64_t end);

    // Devices below ports that are bonds or VLAN devices, and VLAN devices above bridges. Replaces what was
    // there.
    Result<void> set_stacked(const StackedDevices &devices);

    // Frames are counted under the new generation from now on by programs that start from now on.
    void set_generation(std::uint32_t generation);

    [[nodiscard]] ProbeMaps maps() const;

    // Runs of the programs that the kernel skipped (recursion); nullopt if this kernel does not say.
    [[nodiscard]] std::optional<std::uint64_t> missed_runs() const;

  private:
    SessionStateHandle state_;
};

class LoadedSession {
  public:
    explicit LoadedSession(SessionStateHandle state) : state_(std::move(state)) {}
    // On failure everything is detached again.
    Result<AttachedSession> attach() &&;

  private:
    SessionStateHandle state_;
};

class OpenedSession {
  public:
    // `plan` must outlive nothing: what is needed of it is copied. config.tracepoint_stages, cpus and
    // remember_ended are set from the plan and the machine.
    static Result<OpenedSession> open(const HookPlan &plan, brpath_config config, const ProbeLimits &limits);
    // Error: with the verifier's last words.
    Result<LoadedSession> load() &&;

  private:
    explicit OpenedSession(SessionStateHandle state) : state_(std::move(state)) {}
    SessionStateHandle state_;
};

} // namespace brpath
