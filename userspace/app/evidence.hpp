// SPDX-License-Identifier: BSD-2-Clause
// What the kernel knows beside the frames: conntrack's entries and the rules of the FORWARD path. It
// completes what was seen, and nothing depends on it.
#pragma once

#include "app/system_view.hpp"
#include "kernel/boot_settings.hpp"
#include "model/pairs.hpp"
#include "model/summary.hpp"
#include "names/names.hpp"
#include "rules/forward_rules.hpp"
#include "util/pace.hpp"
#include "util/result.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

namespace brpath {

// Translated connections that are there already, so that an incident under way is recognised with its next
// frame. The calling thread's namespace; none if conntrack does not tell.
Result<void> learn_connections(PairTable &pairs);

class Evidence {
  public:
    // Fills conntrack_unreplied and policy of the pairs that need them, and what the next boot changes.
    // Reading and judging take at most 2 % of the time: in between it says what was found last.
    void complete(Summary &summary, const SystemView &view, const Names &names);

  private:
    // Client, service, server, protocol.
    using ConversationId = std::tuple<std::string, std::string, std::uint16_t, std::string, std::string>;
    using PairId = std::tuple<std::string, std::string, std::string>; // client, server, protocol

    static ConversationId id_of(const Pair &pair);
    Result<void> read(const Summary &summary, const Names &names);
    Result<void> read_unreplied(const Summary &summary);
    void judge_all(const Summary &summary, const ForwardRules &rules, const Names &names);
    void complete_pair(Pair &pair) const;

    Pace pace_{50};
    std::map<ConversationId, std::int64_t> unreplied_; // of those that were asked for
    std::map<PairId, PolicyHit> policies_;
    std::optional<BootSettings> boot_;
    bool told_ = false; // that something could not be read
};

} // namespace brpath
