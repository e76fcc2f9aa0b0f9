// SPDX-License-Identifier: BSD-2-Clause
// Whether conntrack is registered in a namespace: it is only where a rule, or something like it, needs it.
#pragma once

#include "kernel/symbols.hpp"
#include "util/result.hpp"

#include <brpath/abi.h>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace brpath {

// The address of one of conntrack's functions; BRPATH_CONNTRACK_ABSENT: there is none, 0: hidden, or the
// symbols could not be read. `symbols` were asked for the function and for `always_there`.
std::uint64_t conntrack_address(const std::map<std::string, Symbol> &symbols, const char *function);

// Every kernel has it: if it is not found, nothing could be read.
inline constexpr const char *always_there = "netif_receive_skb";

struct ConntrackAnswers {
    brpath_answer ipv4 = BRPATH_ANSWER_UNKNOWN;
    brpath_answer ipv6 = BRPATH_ANSWER_UNKNOWN;
    brpath_answer bridge = BRPATH_ANSWER_UNKNOWN; // nf_conntrack_bridge, which works without br_netfilter
};

// A program that looks at the kernel's list of hooks. Needs CAP_BPF and CAP_PERFMON, and CAP_SYSLOG for the
// addresses.
class ConntrackHooks {
  public:
    static Result<ConntrackHooks> load();
    ConntrackHooks(ConntrackHooks &&) noexcept;
    ConntrackHooks &operator=(ConntrackHooks &&) noexcept;
    ~ConntrackHooks();

    // Of the calling thread's network namespace. Nothing is attached for it.
    [[nodiscard]] Result<ConntrackAnswers> ask() const;

  private:
    struct State;
    explicit ConntrackHooks(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

} // namespace brpath
