// SPDX-License-Identifier: BSD-2-Clause
// The names of Services from the rules that kube-proxy writes: without its API, and without any privilege
// there.
#pragma once

#include "names/source.hpp"
#include "rules/legacy_block.hpp"
#include "rules/nft_ask.hpp"
#include "services/read_kube_services.hpp"

#include <array>
#include <chrono>

namespace brpath {

// Of the calling thread's network namespace, which has to be the same one each time. It knows Services alone.
// The rules of nf_tables are read when their generation has changed. The older iptables has no such number:
// its rules are read when their count, size or places have changed, and every ten seconds.
class RulesSource final : public NameSource {
  public:
    [[nodiscard]] const char *id() const override { return "rules"; }
    [[nodiscard]] SourceReport report() override;

  private:
    using Clock = std::chrono::steady_clock;
    using LegacyInfos = std::array<std::optional<LegacyInfo>, 2>; // of IPv4, of IPv6

    // Each renews what it is about, if it has to.
    Result<void> renew_nft();
    Result<void> renew_legacy();
    void renew_names();

    NftPresence nf_tables_;
    std::optional<std::uint32_t> generation_;
    KubeReading nft_;
    LegacyInfos legacy_infos_;
    Clock::time_point legacy_is_due_{};
    KubeReading legacy_;
    bool has_changed_ = false; // since the names were made
    std::shared_ptr<const NameSet> names_ = std::make_shared<const NameSet>();
};

} // namespace brpath
