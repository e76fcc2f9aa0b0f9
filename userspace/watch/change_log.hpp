// SPDX-License-Identifier: BSD-2-Clause
// Everything that changes the setting, from the programs and from netlink, as one list with who did it.
#pragma once

#include "model/change.hpp"
#include "util/result.hpp"
#include "watch/cgroup_root.hpp"
#include "watch/namespaces.hpp"
#include "watch/session.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace brpath {

enum class Rescan : bool { no, yes };

class ChangeLog {
  public:
    static Result<ChangeLog> start(WatchedNamespaces namespaces, const std::vector<Guard> &guards);

    // Readable when there is something to take.
    [[nodiscard]] std::vector<int> descriptors();

    // The first of them: readable when a sysctl was written.
    [[nodiscard]] int write_fd() const { return session_.fd(); }

    // What happened since the last call, in the order of time; and what was lost.
    Result<std::vector<Change>> take(Rescan rescan);

    Result<void> pin(const std::string &path) { return session_.pin(path); }
    [[nodiscard]] const std::string &blind() const { return session_.blind(); }

  private:
    using Rounds = std::vector<std::pair<std::uint32_t, BridgeRound>>; // with the namespace's inode number

    ChangeLog(CgroupRoot cgroups, WatchedNamespaces namespaces, WatchSession session)
        : cgroups_(std::move(cgroups)), namespaces_(std::move(namespaces)), session_(std::move(session)) {}

    Result<void> take_records(std::vector<Change> &changes);
    [[nodiscard]] Change of_record(const brpath_change &record) const;
    void add_bridges(std::uint32_t netns, const BridgeRound &round, std::vector<Change> &changes) const;
    void say_who(Change &change, const BridgeChange &from, const BridgeRound &round) const;
    void forget_records(Rounds &rounds);
    void add_losses(const Rounds &rounds, std::vector<Change> &changes);

    CgroupRoot cgroups_;
    WatchedNamespaces namespaces_;
    WatchSession session_;
    std::vector<brpath_change> bridge_records_; // whose announcement may still come
    std::size_t old_records_ = 0;               // of these, from the front: were there before this round
    std::uint64_t told_lost_ = 0;
};

} // namespace brpath
