// SPDX-License-Identifier: BSD-2-Clause
// Bridges' own attributes, in the namespaces that are watched.
#pragma once

#include "kernel/link_stream.hpp"
#include "kernel/links.hpp"
#include "kernel/netns.hpp"
#include "kernel/settings.hpp"
#include "model/change.hpp"
#include "util/result.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace brpath {

struct BridgeChange {
    Change change;
    std::uint32_t ifindex = 0;
    std::size_t number = 0; // of the announcement, among those of this bridge that tell of a change, from 0
};

struct BridgeRound {
    std::vector<BridgeChange> changes;
    std::map<std::uint32_t, std::size_t>
        announced;            // by ifindex: announcements that tell of a change; maybe 0
    std::uint64_t end_ns = 0; // CLOCK_MONOTONIC: what happened later is not in it
    bool is_whole = true;     // false: the kernel had no room for some; what holds now is told
};

// The bridges of one namespace.
class BridgeWatch {
  public:
    // `label` is what the namespace is called in changes. It is kept alive while it is watched.
    static Result<BridgeWatch> open(Netns netns, std::string label);

    [[nodiscard]] int fd() const { return stream_.fd(); }
    [[nodiscard]] std::uint32_t netns() const { return netns_.inode; }
    [[nodiscard]] const std::string &label() const { return label_; }

    [[nodiscard]] NamespaceSettings settings() const;

    // What was announced since the last call.
    Result<BridgeRound> read();

    // The bridges that are there, as if they had come now: for a namespace that is new.
    [[nodiscard]] std::vector<Change> as_created() const;

  private:
    BridgeWatch(Netns netns, std::string label, LinkStream stream)
        : netns_(std::move(netns)), label_(std::move(label)), stream_(std::move(stream)) {}

    Result<void> list(BridgeRound &round);
    [[nodiscard]] std::vector<Change> differences(const Link &before, const Link &now) const;
    void take(const Link &link, BridgeRound &round);
    [[nodiscard]] Change created(const Link &link) const;

    Netns netns_;
    std::string label_;
    LinkStream stream_;
    std::map<std::uint32_t, Link> bridges_; // by ifindex
};

} // namespace brpath
