// SPDX-License-Identifier: BSD-2-Clause
#include "services/rules_source.hpp"

#include "util/printable.hpp"

#include <utility>

namespace brpath {

namespace {

constexpr std::chrono::seconds legacy_age_max{10};

std::string why_of(const Error &error) {
    return printable(error.why.empty() ? error.tried : error.tried + ": " + error.why);
}

} // namespace

Result<void> RulesSource::renew_nft() {
    if (!nf_tables_.is_there()) {
        has_changed_ = has_changed_ || generation_;
        generation_.reset();
        nft_ = {};
        return {};
    }
    const auto now = ask_nft_generation();
    if (now && generation_ == *now)
        return {};
    auto read = read_nft_kube_services();
    if (!read)
        return Failure(read.error());
    generation_ = read->generation;
    nft_ = std::move(read->reading);
    has_changed_ = true;
    return {};
}

Result<void> RulesSource::renew_legacy() {
    LegacyInfos infos;
    for (const bool ipv6 : {false, true}) {
        const auto info = read_legacy_info("nat", ipv6);
        if (!info)
            return Failure(info.error());
        infos[ipv6] = *info;
    }
    const auto now = Clock::now();
    const bool has_rules = infos[0] || infos[1];
    if (infos == legacy_infos_ && (!has_rules || now < legacy_is_due_))
        return {};
    auto read = read_legacy_kube_services();
    if (!read)
        return Failure(read.error());
    has_changed_ = has_changed_ || read->services != legacy_.services;
    legacy_ = std::move(*read);
    legacy_infos_ = infos;
    legacy_is_due_ = now + legacy_age_max;
    return {};
}

// The pointer stays if the names do, for rules of others change, too.
void RulesSource::renew_names() {
    if (!std::exchange(has_changed_, false))
        return;
    std::vector<KubeService> services = nft_.services;
    services.insert(services.end(), legacy_.services.begin(), legacy_.services.end());
    NameSet names{.endpoints = {}, .services = service_records(services)};
    if (names != *names_)
        names_ = std::make_shared<const NameSet>(std::move(names));
}

SourceReport RulesSource::report() {
    const auto nft = renew_nft();
    const auto legacy = renew_legacy();
    renew_names();
    if (!nft || !legacy)
        return {SourceReport::State::down, why_of(nft ? legacy.error() : nft.error()), names_};
    const bool is_up = nft_.is_there || legacy_.is_there;
    return {is_up ? SourceReport::State::up : SourceReport::State::absent,
            is_up ? "" : "no rules of kube-proxy in this network namespace", names_};
}

} // namespace brpath
