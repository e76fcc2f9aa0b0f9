// SPDX-License-Identifier: BSD-2-Clause
#include "doctor/translation.hpp"

#include "kernel/read_file.hpp"
#include "rules/read_rules.hpp"
#include "rules/survey.hpp"
#include "util/printable.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

namespace brpath {

namespace {

constexpr std::size_t ipvs_bytes_max = std::size_t{64} << 20;

const char *name_of(Mechanism mechanism) {
    switch (mechanism) {
    case Mechanism::iptables_nft:
        return "iptables-nft";
    case Mechanism::iptables_legacy:
        return "iptables-legacy";
    case Mechanism::nftables:
        break;
    }
    return "nftables";
}

Question question_about(const Link *bridge, bool ipv6) {
    Question question;

    question.phase = Phase::begins;
    question.ipv6 = ipv6;
    question.has_addresses = false;
    if (bridge) {
        question.bridge = bridge->name;
        question.bridge_index = bridge->ifindex;
    }
    return question;
}

bool is_translation(const Reached &reached, Place place) {
    return reached.effect == Effect::translates && reached.place == place;
}

Extent extent_of(const Reached &reached) {
    if (reached.truth == Truth::yes)
        return Extent::all;
    return reached.of_its_source == Truth::yes ? Extent::by_source : Extent::some;
}

MechanismUse to_use(const Reached &reached) {
    return {name_of(reached.mechanism), static_cast<std::int64_t>(reached.rules), printable(reached.first)};
}

} // namespace

// "TCP  0A600035:0035 rr", "TCP  [fd00:...]:0050 rr", "FWM  00000001 rr"; servers begin with "  ->".
std::array<std::int64_t, 2> count_ipvs_services(const std::string &text) {
    std::array<std::int64_t, 2> services{};
    std::istringstream lines(text);

    for (std::string line; std::getline(lines, line);) {
        const bool is_mark = line.starts_with("FWM ");
        if (!is_mark && !line.starts_with("TCP ") && !line.starts_with("UDP ") && !line.starts_with("SCTP "))
            continue;
        const bool ipv6 = line.find('[') != std::string::npos;
        services.at(0) += is_mark || !ipv6;
        services.at(1) += is_mark || ipv6;
    }
    return services;
}

std::array<std::int64_t, 2> read_ipvs_services() {
    return count_ipvs_services(read_file("/proc/thread-self/net/ip_vs", ipvs_bytes_max).value_or(""));
}

Result<NamespaceRules> NamespaceRules::read(const NftPresence &presence) {
    auto routing = read_routing_rules(presence);
    if (!routing)
        return Failure(routing.error());
    auto forward = read_forward_rules(presence);
    if (!forward)
        return Failure(forward.error());
    return NamespaceRules(std::move(*forward), std::move(*routing));
}

BridgeRules NamespaceRules::about(const Link &bridge, bool ipv6) const {
    const Question question = question_about(&bridge, ipv6);
    BridgeRules rules;

    for (const auto &reached : survey(routing_, question)) {
        if (is_translation(reached, Place::before_routing))
            rules.translating.push_back(to_use(reached));
        else if (is_translation(reached, Place::behind_routing))
            rules.source = std::max(rules.source, extent_of(reached));
        else if (reached.place == Place::before_routing && extent_of(reached) >= rules.untracked) {
            rules.untracked = reached.truth == Truth::yes ? Extent::all : Extent::some;
            rules.untracked_rule = printable(reached.first);
        }
    }
    if (const auto judged = judge(forward_, question); judged.judgement != Judgement::passes)
        rules.forward = PolicyHit{judged.judgement == Judgement::drops, printable(judged.rule)};
    return rules;
}

std::vector<MechanismUse> NamespaceRules::mechanisms(bool ipv6) const {
    std::vector<MechanismUse> uses;

    for (const auto &reached : survey(routing_, question_about(nullptr, ipv6)))
        if (is_translation(reached, Place::before_routing))
            uses.push_back(to_use(reached));
    return uses;
}

} // namespace brpath
