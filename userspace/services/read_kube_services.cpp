// SPDX-License-Identifier: BSD-2-Clause
#include "services/read_kube_services.hpp"

#include "rules/legacy_block.hpp"
#include "rules/legacy_entries.hpp"
#include "rules/nft_ask.hpp"

#include <cerrno>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

namespace brpath {

namespace {

constexpr int tries_max = 10;
constexpr std::size_t items_max = 200'000; // rules and elements, also of others
constexpr auto tried = "read kube-proxy's rules";

constexpr auto nft_table = "kube-proxy";

// The errno of "the rules changed meanwhile".
constexpr int changed = EAGAIN;

using Done = tl::expected<void, int>; // or errno

std::optional<KubePlace> place_of(std::string_view chain) {
    if (chain == "KUBE-SERVICES")
        return KubePlace::services;
    if (chain == "KUBE-NODEPORTS")
        return KubePlace::node_ports;
    return std::nullopt;
}

// One attempt to read what nf_tables has.
class NftKubeRead {
  public:
    tl::expected<NftKubeReading, int> run();

  private:
    Done list(int type, std::uint8_t family, std::vector<std::pair<int, std::string>> names,
              const MessageHandler &handle);
    Done read_tables();
    Done read_rules(const std::string &chain, bool ipv6);
    Done read_elements(const std::string &map, KubePlace place, bool ipv6);
    void take(std::optional<KubeService> service) {
        if (service)
            reading_.services.push_back(std::move(*service));
    }

    KubeReading reading_;
    bool has_maps_[2] = {}; // of IPv4, of IPv6
    std::size_t items_ = 0;
};

std::uint8_t family_of(bool ipv6) { return ipv6 ? NFPROTO_IPV6 : NFPROTO_IPV4; }

Done NftKubeRead::list(int type, std::uint8_t family, std::vector<std::pair<int, std::string>> names,
                       const MessageHandler &handle) {
    const auto outcome = ask_nft({type, NLM_F_DUMP, family, std::move(names)}, [&](const nlmsghdr &message) {
        if (++items_ <= items_max)
            handle(message);
    });
    if (!outcome)
        return tl::unexpected(outcome.error());
    if (items_ > items_max)
        return tl::unexpected(EFBIG);
    if (*outcome == NetlinkSocket::Outcome::interrupted)
        return tl::unexpected(changed);
    return {};
}

Done NftKubeRead::read_tables() {
    return list(NFT_MSG_GETTABLE, NFPROTO_UNSPEC, {}, [&](const nlmsghdr &message) {
        const auto table = parse_nft_table(message);
        if (table && table->name == nft_table)
            for (const bool ipv6 : {false, true})
                has_maps_[ipv6] = has_maps_[ipv6] || table->family == family_of(ipv6);
    });
}

// Old kernels send the rules of other chains and tables, too.
Done NftKubeRead::read_rules(const std::string &chain, bool ipv6) {
    const auto place = place_of(chain);
    return list(NFT_MSG_GETRULE, family_of(ipv6), {{NFTA_RULE_TABLE, "nat"}, {NFTA_RULE_CHAIN, chain}},
                [&](const nlmsghdr &message) {
                    const auto rule = parse_nft_rule(message);
                    if (!rule || rule->family != family_of(ipv6) || rule->table != "nat" ||
                        rule->chain != chain)
                        return;
                    reading_.is_there = true;
                    take(service_of_rule(rule->rule, *place, ipv6));
                });
}

Done NftKubeRead::read_elements(const std::string &map, KubePlace place, bool ipv6) {
    const auto done = list(NFT_MSG_GETSETELEM, family_of(ipv6),
                           {{NFTA_SET_ELEM_LIST_TABLE, nft_table}, {NFTA_SET_ELEM_LIST_SET, map}},
                           [&](const nlmsghdr &message) {
                               for (const NftElement &element : parse_nft_elements(message)) {
                                   ++items_;
                                   take(service_of_element(element, place, ipv6));
                               }
                           });
    if (!done && done.error() == ENOENT)
        return {}; // a table without this map; if it is only just gone, the generation tells
    reading_.is_there = reading_.is_there || done.has_value();
    return done;
}

tl::expected<NftKubeReading, int> NftKubeRead::run() {
    const auto before = ask_nft_generation();
    if (!before)
        return tl::unexpected(before.error());
    Done done = read_tables();
    for (const bool ipv6 : {false, true}) {
        for (const char *chain : {"KUBE-SERVICES", "KUBE-NODEPORTS"})
            if (done)
                done = read_rules(chain, ipv6);
        if (done && has_maps_[ipv6])
            done = read_elements("service-ips", KubePlace::services, ipv6);
        if (done && has_maps_[ipv6])
            done = read_elements("service-nodeports", KubePlace::node_ports, ipv6);
    }
    if (!done)
        return tl::unexpected(done.error());
    const auto after = ask_nft_generation();
    if (!after)
        return tl::unexpected(after.error());
    if (*before != *after)
        return tl::unexpected(changed);
    return NftKubeReading{*after, std::move(reading_)};
}

Result<void> read_legacy_family(bool ipv6, KubeReading &reading) {
    const auto block = read_legacy_block("nat", ipv6);
    if (!block)
        return Failure(block.error());
    if (!*block)
        return {};
    const auto entries = read_legacy_entries((*block)->entries, ipv6);
    if (!entries)
        return fail(ErrorKind::unsupported, tried, "the kernel's answer is not understood");
    std::optional<KubePlace> place; // of the chain that the entry is in
    for (const LegacyEntry &entry : *entries) {
        if (const auto chain = chain_behind(entry)) {
            place = place_of(*chain);
            reading.is_there = reading.is_there || place;
        } else if (place) {
            if (auto service = service_of_rule({entry.matches, {}, entry.comment}, *place, ipv6))
                reading.services.push_back(std::move(*service));
        }
    }
    return {};
}

} // namespace

Result<NftKubeReading> read_nft_kube_services() {
    for (int i = 0; i < tries_max; ++i) {
        auto reading = NftKubeRead().run();
        if (reading)
            return std::move(*reading);
        if (reading.error() != changed)
            return fail_errno(tried, reading.error());
    }
    return fail(ErrorKind::failed, tried, "they changed each time while being listed", "try again");
}

Result<KubeReading> read_legacy_kube_services() {
    KubeReading reading;
    for (const bool ipv6 : {false, true})
        if (const auto done = read_legacy_family(ipv6, reading); !done)
            return Failure(done.error());
    return reading;
}

} // namespace brpath
