// SPDX-License-Identifier: BSD-2-Clause
// The namespaces whose bridges are watched: brpath's own and those that have a name.
#pragma once

#include "kernel/settings.hpp"
#include "model/change.hpp"
#include "util/result.hpp"
#include "watch/bridge_watch.hpp"

#include <map>
#include <string>
#include <vector>

namespace brpath {

class WatchedNamespaces {
  public:
    // `only`: a name or a path, as open_netns() takes it; then no other one. Empty: the own one, and all that
    // are below /run/netns, now and later.
    static Result<WatchedNamespaces> open(const std::string &only);

    // Looks for namespaces that came and went: those that went must not be kept alive for long. The bridges
    // of those that came.
    std::vector<Change> rescan();

    // The sysctls of the only one, or of the own one.
    [[nodiscard]] NamespaceSettings settings() const { return watches_.front().settings(); }

    [[nodiscard]] std::vector<BridgeWatch> &watches() { return watches_; }

    // The inode number of the only one; 0: all are watched.
    [[nodiscard]] std::uint32_t only() const { return only_; }

    // Why bridges of some named namespace are not watched; empty: they are.
    [[nodiscard]] const std::string &blind() const { return blind_; }

    // Its name; empty: it has none, or is the own one.
    [[nodiscard]] std::string name_of(std::uint32_t inode) const;

  private:
    Result<void> add(Netns netns, std::string label);

    std::uint32_t only_ = 0;
    std::uint32_t own_ = 0;
    std::map<std::string, std::uint32_t> names_; // inode number by name
    std::string blind_;
    std::vector<BridgeWatch> watches_; // the only one or the own one first
};

} // namespace brpath
