// SPDX-License-Identifier: BSD-2-Clause
// What brpath says about itself, on stderr.
#pragma once

#include "model/audit.hpp"
#include "probe/hook_plan.hpp"
#include "util/result.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace brpath {

struct Started;

class Diagnostics {
  public:
    explicit Diagnostics(int verbosity) : verbosity_(verbosity) {}

    void waiting_for_bridge(const std::string &netns, bool has_code) const;
    void bridge_module_gone() const;
    void planned(const HookPlan &plan) const; // -v: why each hook got its program
    void attached(const Started &started) const;

    // Of `brpath observe`. `why_not`: nobody can be named who changes the setting; empty: whoever can be is.
    void writers(const std::string &why_not) const;
    // Of `brpath doctor`; -v.
    void looked(const Audit &audit, std::chrono::nanoseconds time) const;

    // Of `brpath watch`. `blind`: why it cannot be told who changes a bridge, `blind_namespaces`: why bridges
    // in other namespaces are not watched; empty: they are.
    void watching(const std::string &netns, const std::string &blind,
                  const std::string &blind_namespaces) const;
    // `now`: the value that is there; a guard does not change it.
    void guarding(const std::string &key, std::uint32_t stays, std::optional<int> now,
                  const std::string &netns) const;
    void guard_pinned(const std::string &path) const;

    // One line "ready" to a descriptor that a script gave us, then nothing more.
    [[nodiscard]] Result<void> tell_ready(std::optional<int> fd) const;

  private:
    int verbosity_;
};

// An error as a person reads it: what was tried, why it failed, what to do.
void print_error(const Error &error);

} // namespace brpath
