// SPDX-License-Identifier: BSD-2-Clause
#include "doctor/facts.hpp"

#include "doctor/boot.hpp"
#include "doctor/translation.hpp"
#include "kernel/links.hpp"
#include "kernel/modules.hpp"
#include "kernel/settings.hpp"
#include "model/effective.hpp"
#include "util/printable.hpp"
#include "util/setting_names.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace brpath {

namespace {

std::string in_words(const Error &error) {
    return error.why.empty() ? error.tried : error.tried + ": " + error.why;
}

ModuleState module_state(const NamespaceSettings &settings) {
    if (!settings.module_present)
        return ModuleState::absent;
    return module_instance(setting::module) ? ModuleState::loaded : ModuleState::built_in;
}

bool stands_on(const Link &link, const Link &bridge) {
    return link.kind == "vlan" && link.peer_ifindex == bridge.ifindex && !link.peer_namespace;
}

BridgeFacts describe(const Link &bridge, const std::vector<Link> &links, const NamespaceSettings &settings) {
    const auto own = bridge.bridge.value_or(BridgeAttributes{});
    const bool present = settings.module_present;
    const auto ports = std::count_if(links.begin(), links.end(), [&](const Link &link) {
        return link.is_bridge_port && link.master == bridge.ifindex;
    });

    return {.summary = {printable(bridge.name), ports,
                        family_setting(settings.call_iptables, own.call_iptables, present),
                        family_setting(settings.call_ip6tables, own.call_ip6tables, present),
                        family_setting(settings.call_arptables, own.call_arptables, present)},
            .carries_vlans = std::any_of(links.begin(), links.end(),
                                         [&](const Link &link) { return stands_on(link, bridge); })};
}

bool is_shown(const Link &link, const std::string &only_bridge) {
    return link.kind == "bridge" && (only_bridge.empty() || link.name == only_bridge);
}

void add_ipvs(std::vector<MechanismUse> &uses, std::int64_t services) {
    if (services > 0)
        uses.push_back({"IPVS", services});
}

} // namespace

FactReader::FactReader() : conntrack_(ConntrackHooks::load()) {}

void FactReader::read_conntrack(AuditFacts &facts) const {
    const auto answers = conntrack_.and_then([](const ConntrackHooks &hooks) { return hooks.ask(); });

    if (!answers) {
        const auto &error = answers.error();
        facts.conntrack_unseen =
            error.kind == ErrorKind::permission ? "needs CAP_BPF and CAP_PERFMON" : in_words(error);
        return;
    }
    facts.families[0].conntrack = answers->ipv4;
    facts.families[1].conntrack = answers->ipv6;
    facts.bridge_conntrack = answers->bridge;
    if (answers->ipv4 == BRPATH_ANSWER_UNKNOWN || answers->ipv6 == BRPATH_ANSWER_UNKNOWN)
        facts.conntrack_unseen = "addresses of functions are hidden in /proc/kallsyms: needs CAP_SYSLOG, and "
                                 "kernel.kptr_restrict below 2";
}

void FactReader::read_rules(AuditFacts &facts, const std::vector<Link> &links) const {
    const auto ipvs = read_ipvs_services();
    const auto rules = NamespaceRules::read(nf_tables_);

    if (!rules)
        facts.rules_unseen = rules.error().kind == ErrorKind::permission
                                 ? "reading the rules needs CAP_NET_ADMIN"
                                 : in_words(rules.error());
    for (const bool ipv6 : {false, true}) {
        auto &family = facts.families.at(ipv6);
        if (rules)
            family.mechanisms = rules->mechanisms(ipv6);
        add_ipvs(family.mechanisms, ipvs.at(ipv6));
        for (auto &bridge : facts.bridges) {
            if (!rules)
                continue;
            const auto link = std::find_if(links.begin(), links.end(), [&](const Link &other) {
                return other.kind == "bridge" && printable(other.name) == bridge.summary.name;
            });
            bridge.rules.at(ipv6) = rules->about(*link, ipv6);
            add_ipvs(bridge.rules.at(ipv6)->translating, ipvs.at(ipv6));
        }
    }
}

AuditFacts FactReader::read(const std::string &label, std::uint32_t inode,
                            const std::string &only_bridge) const {
    const auto settings = read_namespace_settings();
    const auto links = list_links();
    AuditFacts facts{.netns = printable(label), .inode = inode, .module = module_state(settings)};

    for (const char *key : setting::sysctls)
        facts.sysctls.push_back({key, value_of(settings, key)});
    facts.families[0].forwards = read_sysctl("/proc/sys/net/ipv4/ip_forward");
    facts.families[1].forwards = read_sysctl("/proc/sys/net/ipv6/conf/all/forwarding");
    if (!links)
        facts.bridges_unseen = in_words(links.error());
    for (const auto &link : links ? *links : std::vector<Link>{})
        if (is_shown(link, only_bridge))
            facts.bridges.push_back(describe(link, *links, settings));
    read_conntrack(facts);
    read_rules(facts, links ? *links : std::vector<Link>{});
    if (is_first_netns(inode).value_or(false))
        facts.boot = read_boot_facts(settings);
    return facts;
}

} // namespace brpath
