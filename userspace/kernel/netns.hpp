// SPDX-License-Identifier: BSD-2-Clause
// Network namespaces: by name, by path, entered for a while.
#pragma once

#include "util/result.hpp"
#include "util/unique_fd.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace brpath {

struct Netns {
    std::string label; // the name or path it was asked for by; "" for the calling thread's own
    UniqueFd fd;
    std::uint32_t inode = 0; // the number in "net:[4026531840]"
};

// The calling thread's own namespace.
Result<Netns> current_netns();

// A name below /run/netns (as `ip netns` has it) or, with a slash in it, a path such as /proc/1234/ns/net.
// ErrorKind::usage if it does not exist (the hint has the names that do) or is no network namespace.
Result<Netns> open_netns(const std::string &name_or_path);

// Moves the calling thread into it for good. Nothing outside this process changes.
Result<void> enter_netns(const Netns &netns);

// Is it the first process's? A shell inside `ip netns exec` has another one. nullopt: this cannot be told.
std::optional<bool> is_first_netns(std::uint32_t inode);

// Names below /run/netns, sorted; empty if there are none.
std::vector<std::string> list_netns_names(const std::string &folder = "/run/netns");

// Runs a function in another namespace and comes back. The function's Result, or why entering failed.
// Aborts the process if there is no way back: nothing may go on in the wrong namespace.
template <typename F> auto in_netns(const Netns &netns, F &&function) -> decltype(function());

namespace detail {

// The namespace that the thread came from. Its end is the return, also when an exception passes.
class WayBack {
  public:
    explicit WayBack(UniqueFd origin) : origin_(std::move(origin)) {}
    WayBack(WayBack &&) noexcept = default;
    WayBack &operator=(WayBack &&) = delete;
    ~WayBack();

  private:
    UniqueFd origin_;
};

[[nodiscard]] Result<WayBack> enter_for_a_while(const Netns &netns);

} // namespace detail

template <typename F> auto in_netns(const Netns &netns, F &&function) -> decltype(function()) {
    const auto way_back = detail::enter_for_a_while(netns);
    if (!way_back)
        return Failure(way_back.error());
    return function();
}

} // namespace brpath
