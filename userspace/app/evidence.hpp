// SPDX-License-Identifier: BSD-2-Clause
// What the kernel knows beside the frames: conntrack's entries and the rules of the FORWARD path. It
// completes what was seen, and nothing depends on it.
#pragma once

#include "app/pace.hpp"
#include "app/system_view.hpp"
#include "kernel/boot_settings.hpp"
#include "model/pairs.hpp"
#include "model/summary.hpp"
#include "names/names.hpp"
#include "rules/forward_rules.hpp"
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
    // Reading takes at most 2 % of the time: in between it says what was read last.
    void complete(Summary &summary, const SystemView &view, const Names &names);

  private:
    using ServiceId =
        std::tuple<std::string, std::string, std::uint16_t, std::string>; // client, service, protocol

    Result<void> read(const Summary &summary);
    Result<void> read_unreplied();
    void complete_pair(Pair &pair, const Names &names) const;

    Pace pace_{50};
    std::map<ServiceId, std::int64_t> unreplied_;
    bool is_conntrack_read_ = false;
    ForwardRules rules_;
    std::optional<BootSettings> boot_;
    bool told_ = false; // that something could not be read
};

} // namespace brpath
