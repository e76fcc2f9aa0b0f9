// SPDX-License-Identifier: BSD-2-Clause
// What doctor concludes: each case is a node in one of its states, and what becomes of a pair there.
#include "model/audit_rules.hpp"
#include "util/setting_names.hpp"

#include <algorithm>
#include <doctest/doctest.h>

using namespace brpath;

namespace {

// A node with one bridge of two ports, the setting on, Services by iptables, conntrack registered.
AuditFacts node() {
    AuditFacts facts{.module = ModuleState::loaded};
    const BridgeRules rules{.translating = {{"iptables-nft", 2, "table ip nat, chain X, rule 1"}}};

    facts.sysctls = {{setting::call_iptables, 1},
                     {setting::call_ip6tables, 1},
                     {setting::call_arptables, 1},
                     {setting::filter_vlan_tagged, 0},
                     {setting::filter_pppoe_tagged, 0}};
    facts.bridge_conntrack = BRPATH_ANSWER_NO;
    for (auto &family : facts.families)
        family = {.forwards = 1, .conntrack = BRPATH_ANSWER_YES, .mechanisms = rules.translating};
    facts.bridges = {{.summary = {"cni0", 2, {1, 0, 1}, {1, 0, 1}, {1, 0, 1}}, .rules = {rules, rules}}};
    return facts;
}

void turn_off(AuditFacts &facts) {
    facts.sysctls[0].value = 0;
    facts.bridges[0].summary.ipv4 = {0, 0, 0};
}

void absent(AuditFacts &facts) {
    facts.module = ModuleState::absent;
    for (auto &sysctl : facts.sysctls)
        sysctl.value.reset();
    for (auto *family : {&facts.bridges[0].summary.ipv4, &facts.bridges[0].summary.ipv6})
        *family = {std::nullopt, 0, 0};
}

void no_translation(AuditFacts &facts) {
    for (const bool ipv6 : {false, true}) {
        facts.families.at(ipv6).mechanisms.clear();
        facts.bridges[0].rules.at(ipv6)->translating.clear();
    }
}

BridgeRules &rules(AuditFacts &facts) { return *facts.bridges[0].rules[0]; }

const Prediction &find(const NamespaceAudit &audit, bool ipv6, brpath_tag tag) {
    return *std::find_if(audit.predictions.begin(), audit.predictions.end(),
                         [&](const Prediction &one) { return one.ipv6 == ipv6 && one.tag == tag; });
}

const Check *find(const NamespaceAudit &audit, const std::string &name) {
    const auto found = std::find_if(audit.checks.begin(), audit.checks.end(),
                                    [&](const Check &check) { return check.name == name; });
    return found == audit.checks.end() ? nullptr : &*found;
}

using Handlings = std::vector<brpath_handling>;

constexpr auto works = ServiceOutcome::works, breaks = ServiceOutcome::breaks,
               none = ServiceOutcome::no_translation, unknown = ServiceOutcome::unknown;

} // namespace

TEST_CASE("doctor: what becomes of a pair, by the state of the node") {
    const struct {
        const char *what;
        void (*change)(AuditFacts &facts);
        Handlings handling;
        brpath_reason reason;
        ServiceOutcome service;
        CheckResult result;
    } cases[] = {
        {"on", [](AuditFacts &) {}, {BRPATH_TRACKED}, BRPATH_REASON_UNKNOWN, works, CheckResult::ok},
        {"off", turn_off, {BRPATH_BYPASSED}, BRPATH_SYSCTL_OFF, breaks, CheckResult::fail},
        {"off, on a bridge with one port",
         [](AuditFacts &facts) {
             turn_off(facts);
             facts.bridges[0].summary.ports = 1;
         },
         {BRPATH_BYPASSED},
         BRPATH_SYSCTL_OFF,
         breaks,
         CheckResult::warn},
        {"off, and nothing translates",
         [](AuditFacts &facts) {
             turn_off(facts);
             no_translation(facts);
             facts.families[1].conntrack = BRPATH_ANSWER_YES;
             facts.sysctls[1].value = 0;
             facts.bridges[0].summary.ipv6 = {0, 0, 0};
         },
         {BRPATH_BYPASSED},
         BRPATH_SYSCTL_OFF,
         none,
         CheckResult::ok},
        {"on, and nothing translates",
         no_translation,
         {BRPATH_TRACKED},
         BRPATH_REASON_UNKNOWN,
         none,
         CheckResult::note},
        {"absent", absent, {BRPATH_BYPASSED}, BRPATH_MODULE_ABSENT, breaks, CheckResult::fail},
        {"absent, and nothing translates",
         [](AuditFacts &facts) {
             absent(facts);
             no_translation(facts);
         },
         {BRPATH_BYPASSED},
         BRPATH_MODULE_ABSENT,
         none,
         CheckResult::ok},
        {"off, with the bridge's own attribute",
         [](AuditFacts &facts) {
             facts.sysctls[0].value = 0;
             facts.bridges[0].summary.ipv4 = {0, 1, 1};
         },
         {BRPATH_TRACKED},
         BRPATH_REASON_UNKNOWN,
         works,
         CheckResult::note},
        {"off, and every source is translated as well",
         [](AuditFacts &facts) {
             turn_off(facts);
             rules(facts).source = Extent::all;
         },
         {BRPATH_BYPASSED},
         BRPATH_SYSCTL_OFF,
         works,
         CheckResult::ok},
        {"off, and some sources are",
         [](AuditFacts &facts) {
             turn_off(facts);
             rules(facts).source = Extent::by_source;
         },
         {BRPATH_BYPASSED},
         BRPATH_SYSCTL_OFF,
         unknown,
         CheckResult::unknown},
        {"off, and the rules could not be read",
         [](AuditFacts &facts) {
             turn_off(facts);
             facts.rules_unseen = "reading the rules needs CAP_NET_ADMIN";
             facts.bridges[0].rules = {};
         },
         {BRPATH_BYPASSED},
         BRPATH_SYSCTL_OFF,
         unknown,
         CheckResult::unknown},
        {"off, with conntrack of the bridge family",
         [](AuditFacts &facts) {
             turn_off(facts);
             facts.bridge_conntrack = BRPATH_ANSWER_YES;
         },
         {BRPATH_TRACKED},
         BRPATH_SYSCTL_OFF,
         breaks,
         CheckResult::fail},
        {"some are not tracked",
         [](AuditFacts &facts) { rules(facts).untracked = Extent::some; },
         {BRPATH_TRACKED, BRPATH_UNTRACKED},
         BRPATH_REASON_UNKNOWN,
         works,
         CheckResult::ok},
        {"none is tracked",
         [](AuditFacts &facts) { rules(facts).untracked = Extent::all; },
         {BRPATH_UNTRACKED},
         BRPATH_REASON_UNKNOWN,
         unknown,
         CheckResult::ok},
        {"conntrack is not registered, IPVS translates",
         [](AuditFacts &facts) {
             facts.families[0].conntrack = BRPATH_ANSWER_NO;
             rules(facts).translating = {{"IPVS", 1}};
         },
         {BRPATH_HOOKED},
         BRPATH_REASON_UNKNOWN,
         works,
         CheckResult::note},
        {"conntrack cannot be seen",
         [](AuditFacts &facts) { facts.families[0].conntrack = BRPATH_ANSWER_UNKNOWN; },
         {BRPATH_UNKNOWN},
         BRPATH_REASON_UNKNOWN,
         unknown,
         CheckResult::unknown},
        {"FORWARD drops",
         [](AuditFacts &facts) {
             rules(facts).forward = PolicyHit{true, "table ip filter, chain FORWARD, policy"};
         },
         {BRPATH_TRACKED},
         BRPATH_REASON_UNKNOWN,
         breaks,
         CheckResult::fail},
        {"FORWARD may drop",
         [](AuditFacts &facts) {
             rules(facts).forward = PolicyHit{false, "table ip filter, chain FORWARD, rule 1"};
         },
         {BRPATH_TRACKED},
         BRPATH_REASON_UNKNOWN,
         works,
         CheckResult::note},
        {"the node does not forward",
         [](AuditFacts &facts) { facts.families[0].forwards = 0; },
         {BRPATH_TRACKED},
         BRPATH_REASON_UNKNOWN,
         works,
         CheckResult::warn},
    };

    for (const auto &one : cases) {
        CAPTURE(one.what);
        auto facts = node();
        one.change(facts);
        const auto audit = audit_namespace(std::move(facts));
        const auto &plain = find(audit, false, BRPATH_TAG_NONE);
        CHECK(plain.handling == one.handling);
        CHECK(plain.reason == one.reason);
        CHECK(plain.service == one.service);
        CHECK(to_string(audit.result) == std::string(to_string(one.result)));
    }
}

TEST_CASE("doctor: frames below a tag have a sysctl of their own") {
    auto facts = node();
    const auto before = audit_namespace(facts);
    CHECK(find(before, false, BRPATH_TAG_VLAN).reason == BRPATH_VLAN_TAGGED);
    CHECK(find(before, false, BRPATH_TAG_VLAN).service == breaks);
    CHECK(find(before, false, BRPATH_TAG_PPPOE).reason == BRPATH_PPPOE_TAGGED);
    CHECK_FALSE(find(before, false, BRPATH_TAG_PPPOE).service);
    CHECK(before.result == CheckResult::ok); // nobody uses VLANs here
    facts.bridges[0].carries_vlans = true;
    CHECK(audit_namespace(facts).result == CheckResult::warn);
    facts.sysctls[3].value = 1;
    const auto after = audit_namespace(facts);
    CHECK(find(after, false, BRPATH_TAG_VLAN).handling == Handlings{BRPATH_TRACKED});
    CHECK(after.result == CheckResult::ok);
}

TEST_CASE("doctor: the verdict says what is broken, or why nothing is") {
    auto facts = node();
    CHECK(audit_namespace(facts).verdict ==
          "fine: a Service works also with client and server on the same bridge");
    turn_off(facts);
    const auto broken = audit_namespace(facts);
    CHECK(broken.verdict ==
          "broken: a Service with client and server on cni0 gets no answer over IPv4, because "
          "net.bridge.bridge-nf-call-iptables is 0 and iptables-nft translates here");
    CHECK(find(broken, setting::call_iptables)->fix.front() ==
          "sysctl -w net.bridge.bridge-nf-call-iptables=1");
    no_translation(facts);
    CHECK(find(audit_namespace(facts), setting::call_iptables)->why ==
          "nothing here translates, so nothing breaks by that");
    facts.bridges.clear();
    CHECK(audit_namespace(facts).verdict == "fine: there is no bridge here");
}

TEST_CASE("doctor: what the next boot makes of it") {
    const BootSysctl zero{setting::call_iptables, "1", "0", "/etc/sysctl.d/50.conf", 3};
    const struct {
        const char *what;
        ModuleState module;
        BootFacts boot;
        const char *check;
        CheckResult result;
    } cases[] = {
        {"built in", ModuleState::built_in, {}, "next boot br_netfilter", CheckResult::ok},
        {"loaded, and no file loads it",
         ModuleState::loaded,
         {},
         "next boot br_netfilter",
         CheckResult::warn},
        {"loaded by a file",
         ModuleState::loaded,
         {.module_file = "/etc/modules-load.d/k8s.conf"},
         "next boot br_netfilter",
         CheckResult::ok},
        {"absent, and a file loads it",
         ModuleState::absent,
         {.module_file = "/etc/modules-load.d/k8s.conf"},
         "next boot br_netfilter",
         CheckResult::note},
        {"a file sets 0, the module is there before",
         ModuleState::built_in,
         {.values = {zero}},
         "next boot net.bridge.bridge-nf-call-iptables",
         CheckResult::warn},
        {"a file sets 0 too early",
         ModuleState::loaded,
         {.values = {zero}},
         "next boot net.bridge.bridge-nf-call-iptables",
         CheckResult::warn},
        {"udev applies it",
         ModuleState::loaded,
         {.udev_rule = "/etc/udev/rules.d/99-bridge.rules", .values = {zero}},
         "next boot net.bridge.bridge-nf-call-iptables",
         CheckResult::ok},
    };

    for (const auto &one : cases) {
        CAPTURE(one.what);
        auto facts = node();
        facts.module = one.module;
        facts.boot = one.boot;
        const auto audit = audit_namespace(facts);
        REQUIRE(find(audit, one.check));
        CHECK(to_string(find(audit, one.check)->result) == std::string(to_string(one.result)));
    }
    CHECK_FALSE(find(audit_namespace(node()), "next boot br_netfilter")); // another namespace
}

TEST_CASE("doctor: of many namespaces the worst one speaks, and without any the node does") {
    CHECK(audit_node({}, {}).verdict == "fine: there is no bridge here");
    auto facts = node();
    facts.netns = "lab-node";
    turn_off(facts);
    const auto both = audit_node({}, {audit_namespace(node()), audit_namespace(facts)});
    CHECK(both.result == CheckResult::fail);
    CHECK(both.verdict.ends_with("translates here [in lab-node]"));
    NodeFacts blind;
    blind.hooks = {{"enter", "frames entering by a port", true, {{"kprobe", "br_handle_frame", "refused"}}}};
    const auto cannot = audit_node(blind, {audit_namespace(node())});
    CHECK(cannot.verdict == "at risk: brpath observe cannot work here: there is no way to see enter");
    CHECK_FALSE(chosen_way(blind.hooks.front()));
}
