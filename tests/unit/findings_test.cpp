// SPDX-License-Identifier: BSD-2-Clause
#include "data/scenes.hpp"
#include "model/findings.hpp"
#include "model/fix.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <functional>
#include <map>

namespace {

using namespace brpath;
using scenes::counts;

// A direct conversation of two pods, both directions of it.
Pair direct(brpath_handling to_server, brpath_handling to_client) {
    return scenes::pair(scenes::frontend(), scenes::cart(), "tcp", counts({{7, BRPATH_BRIDGED, to_server}}),
                        counts({{5, BRPATH_BRIDGED, to_client}}));
}

Pair of_a_service() {
    Pair pair = direct(BRPATH_TRACKED, BRPATH_TRACKED);
    pair.service = Service{"shop/cart", "10.96.0.10", 80};
    return pair;
}

std::string ids(const Summary &summary) {
    std::string joined;
    for (const auto &finding : summary.findings)
        joined += (joined.empty() ? "" : " ") + finding.id;
    return joined;
}

TEST_CASE("each fault has its finding, and its healthy twin none") {
    struct Row {
        const char *what;
        int setting;
        std::function<void(Summary &)> make;
        const char *expected;
    };
    const auto with = [](Pair pair) { return [pair](Summary &summary) { summary.pairs = {pair}; }; };
    const auto changed = [](Pair pair, const std::function<void(Pair &)> &change) {
        change(pair);
        return [pair](Summary &summary) { summary.pairs = {pair}; };
    };
    const Pair missed = direct(BRPATH_BYPASSED, BRPATH_BYPASSED),
               seen = direct(BRPATH_TRACKED, BRPATH_TRACKED);
    const Row rows[] = {
        {"nothing at all", 0, [](Summary &) {}, ""},
        {"direct traffic, 0", 0, with(missed), ""},
        {"direct traffic, 1", 1, with(seen), ""},
        {"translated on the bridge", 1,
         changed(of_a_service(), [](Pair &pair) { pair.to_client.translated_in_bridge = 5; }),
         "depends-on-bridge-netfilter"},
        {"only the source translated on the bridge", 1,
         changed(seen, [](Pair &pair) { pair.to_server.translated_in_bridge = 5; }), ""},
        {"translated where it was routed", 1, with(of_a_service()), ""},
        {"translated on the bridge, before the setting was 0", 0,
         changed(of_a_service(), [](Pair &pair) { pair.to_client.translated_in_bridge = 5; }), ""},
        {"dropped in the IP hooks", 1,
         changed(seen, [](Pair &pair) { pair.to_server.dropped_in_ip_hooks = 2; }),
         "dropped-by-bridge-netfilter"},
        {"dropped on the way to elsewhere", 1,
         changed(seen,
                 [](Pair &pair) {
                     pair.to_server.dropped_in_ip_hooks = 2;
                     pair.server.port_ifindex = 0;
                 }),
         ""},
        {"a rule not met", 0,
         changed(missed,
                 [](Pair &pair) {
                     pair.policy = PolicyHit{true, "table ip filter, chain FORWARD, rule 1"};
                 }),
         "policy-bypassed"},
        {"hooked, and no conntrack", 1, with(direct(BRPATH_HOOKED, BRPATH_HOOKED)), "not-tracked-here"},
        {"hooked where it was routed", 0, with(direct(BRPATH_HOOKED, BRPATH_HOOKED)), ""},
        {"only requests are tracked", 0, with(direct(BRPATH_TRACKED, BRPATH_BYPASSED)),
         "asymmetric-tracking"},
        {"only replies are tracked", 0, with(direct(BRPATH_BYPASSED, BRPATH_TRACKED)), "asymmetric-tracking"},
        {"one direction only, and nothing of the other", 0,
         changed(missed, [](Pair &pair) { pair.to_client = {}; }), ""},
        {"only requests are tracked, of a Service", 0,
         changed(direct(BRPATH_TRACKED, BRPATH_BYPASSED),
                 [](Pair &pair) {
                     pair.service = Service{"", "10.96.0.10", 80};
                 }),
         ""},
        {"the sysctl says 0 and the bridge 1", 0,
         [](Summary &summary) {
             summary.bridges[0].ipv4 = {0, 1, 1};
         },
         "setting-conflict"},
        {"the same for IPv6", 0,
         [](Summary &summary) {
             summary.bridges[0].ipv6 = {0, 1, 1};
         },
         "setting-conflict"},
        {"the sysctl says 1 and the bridge 0, as everywhere", 1, [](Summary &) {}, ""},
        {"the bridge says 1, but the module is not there", 0,
         [](Summary &summary) {
             summary.bridges[0].ipv4 = {std::nullopt, 1, 0};
         },
         ""},
        {"on for IPv4, off for IPv6, which is translated", 1,
         [](Summary &summary) {
             summary.bridges[0].ipv6 = {0, 0, 0};
             summary.pairs = {of_a_service()};
             summary.pairs[0].client.ip = "fd00::1";
         },
         "setting-conflict"},
        {"on for IPv4, off for IPv6, which is not translated", 1,
         [](Summary &summary) {
             summary.bridges[0].ipv6 = {0, 0, 0};
             summary.pairs = {of_a_service()};
         },
         ""},
        {"the next boot sets something else", 0,
         [](Summary &summary) {
             summary.boot_values = {
                 {"net.bridge.bridge-nf-call-iptables", "0", "1", "/etc/sysctl.d/k8s.conf", 3}};
         },
         "setting-conflict"},
        {"a change", 0,
         [](Summary &summary) {
             summary.changes = {{"2026-03-01T09:30:07Z", "net.bridge.bridge-nf-call-iptables", "1", "0", {}}};
         },
         "setting-changed"},
        {"a change explains one direction", 0,
         [](Summary &summary) {
             summary.changes = {{"2026-03-01T09:30:07Z", "net.bridge.bridge-nf-call-iptables", "1", "0", {}}};
             summary.pairs = {direct(BRPATH_TRACKED, BRPATH_BYPASSED)};
         },
         "setting-changed"},
    };
    for (const auto &row : rows) {
        CAPTURE(row.what);
        Summary summary = scenes::node(row.setting);
        row.make(summary);
        find_all(summary);
        CHECK_EQ(ids(summary), row.expected);
        for (const auto &pair : summary.pairs)
            CHECK_EQ(pair.findings.empty(), ids(summary).empty() || ids(summary).starts_with("setting"));
    }
}

TEST_CASE("a rule that may drop or may not is worth less than one that does") {
    for (const bool certain : {false, true}) {
        Summary summary = scenes::node(0);
        summary.pairs = {direct(BRPATH_BYPASSED, BRPATH_BYPASSED)};
        summary.pairs[0].policy = PolicyHit{certain, "table ip filter, chain FORWARD, policy"};
        find_all(summary);
        REQUIRE_EQ(summary.findings.size(), 1);
        CHECK_EQ(summary.findings[0].severity, certain ? Severity::warning : Severity::info);
    }
}

TEST_CASE("both families are mended, each by its own key") {
    Summary summary = scenes::node(1);
    summary.node.netns.clear();
    summary.pairs = {direct(BRPATH_TRACKED, BRPATH_TRACKED), direct(BRPATH_TRACKED, BRPATH_TRACKED)};
    summary.pairs[1].client.ip = "fd00::1";
    for (auto &pair : summary.pairs)
        pair.to_server.dropped_in_ip_hooks = 1;
    find_all(summary);
    REQUIRE_EQ(summary.findings.size(), 1);
    const auto &fix = summary.findings[0].fix;
    for (const char *line : {"sysctl -w net.bridge.bridge-nf-call-iptables=0",
                             "sysctl -w net.bridge.bridge-nf-call-ip6tables=0"})
        CHECK_NE(std::find(fix.begin(), fix.end(), line), fix.end());
}

TEST_CASE("a bridge's name stays one word of the command, in the observed namespace") {
    Summary summary = scenes::node(0);
    summary.bridges[0].name = "br;reboot";
    summary.bridges[0].ipv4 = {0, 1, 1};
    find_all(summary);
    REQUIRE_EQ(summary.findings.size(), 1);
    CHECK_NE(summary.findings[0].fix.at(0).find(
                 "nsenter --net=/run/netns/lab-node ip link set dev 'br;reboot' type"),
             std::string::npos);
}

TEST_CASE("a change says what was counted before it and since") {
    Summary summary = scenes::node(0);
    SettingChange change{"2026-03-01T09:30:07Z", "net.bridge.bridge-nf-call-iptables", "1", "0", {}};
    change.frames_before[BRPATH_TRACKED] = 7;
    summary.changes = {change};
    SettingChange back{"2026-03-01T09:30:09Z", "net.bridge.bridge-nf-call-iptables", "0", "1", {}};
    back.frames_before = change.frames_before;
    back.frames_before[BRPATH_BYPASSED] = 5;
    summary.changes.push_back(back);
    summary.frames.by_handling = back.frames_before;
    summary.frames.by_handling[BRPATH_TRACKED] += 3;
    find_all(summary);
    REQUIRE_EQ(summary.findings.size(), 2);
    const std::map<std::string, EvidenceValue> later(summary.findings[1].evidence.begin(),
                                                     summary.findings[1].evidence.end());
    CHECK_EQ(std::get<std::string>(later.at("frames_before")), "bypassed 5");
    CHECK_EQ(std::get<std::string>(later.at("frames_since")), "tracked 3");
    const auto &finding = summary.findings[0];
    const std::map<std::string, EvidenceValue> evidence(finding.evidence.begin(), finding.evidence.end());
    CHECK_EQ(std::get<std::string>(evidence.at("frames_before")), "tracked 7");
    CHECK_EQ(std::get<std::string>(evidence.at("frames_since")), "bypassed 5");
    CHECK_NE(finding.summary.find("from 1 to 0"), std::string::npos);
}

TEST_CASE("a change says who made it, and which pairs it moved") {
    Summary summary = scenes::setting_changed();
    summary.pairs.clear();
    summary.findings.clear();
    find_all(summary);
    REQUIRE_EQ(summary.findings.size(), 1);
    const auto &finding = summary.findings[0];
    CHECK(finding.summary.ends_with("at 2026-03-01T09:30:07Z, by sysctl -qw "
                                    "net.bridge.bridge-nf-call-iptables 0 (pid 4711, user root, login "
                                    "alice)"));
    const std::map<std::string, EvidenceValue> evidence(finding.evidence.begin(), finding.evidence.end());
    CHECK_EQ(std::get<std::int64_t>(evidence.at("pairs_moved")), 5);
    CHECK_EQ(std::get<std::vector<MovedPair>>(evidence.at("pairs")).size(), 4);
}

TEST_CASE("reply-not-translated says who, what, why and what to type") {
    Summary summary = scenes::setting_0();
    summary.findings.clear();
    for (auto &pair : summary.pairs)
        pair.findings.clear();
    summary.pairs[0].example = Example{"a > b", "a > c", "c > a", "b > a"};
    summary.pairs[0].conntrack_unreplied = 1;
    summary.pairs[0].untranslated_seen = {1'000'000'000, 3'000'000'000};
    find_all(summary);

    REQUIRE_EQ(summary.findings.size(), 1);
    const auto &finding = summary.findings[0];
    CHECK_EQ(finding.id, "reply-not-translated");
    CHECK_EQ(finding.severity, Severity::critical);
    for (const char *word : {"frontend", "cart", "shop/cart", "10.96.0.10:80", "resets"})
        CHECK_NE(finding.summary.find(word), std::string::npos);
    CHECK_EQ(finding.fix.at(0),
             "nsenter --net=/run/netns/lab-node sysctl -w net.bridge.bridge-nf-call-iptables=1");
    CHECK_EQ(summary.pairs[0].findings, std::vector<std::string>{"reply-not-translated"});
    const std::map<std::string, EvidenceValue> evidence(finding.evidence.begin(), finding.evidence.end());
    CHECK_EQ(std::get<std::int64_t>(evidence.at("conntrack_unreplied")), 1);
    CHECK_EQ(std::get<std::string>(evidence.at("first_seen")), "1970-01-01T00:00:01Z");
    CHECK_EQ(std::get<std::string>(evidence.at("last_seen")), "1970-01-01T00:00:03Z");
    CHECK_EQ(std::get<std::string>(evidence.at("example_expected")), "b > a");
    CHECK_EQ(std::get<std::string>(evidence.at("example_client")), "answers RST");
}

TEST_CASE("a namespace's name stays one word of the command") {
    Counts bypassed;
    bypassed.by_reason[BRPATH_SYSCTL_OFF] = 1;
    Summary summary;
    summary.node.netns = "a b;reboot'x";
    CHECK_EQ(fix_for_bypass(bypassed, false, summary).at(0),
             "nsenter --net='/run/netns/a b;reboot'\\''x' sysctl -w net.bridge.bridge-nf-call-iptables=1");
}

TEST_CASE("the fix fits the reason and the family") {
    struct Row {
        brpath_reason reason;
        bool ipv6;
        std::string first;
    };
    const Row rows[] = {
        {BRPATH_SYSCTL_OFF, false, "sysctl -w net.bridge.bridge-nf-call-iptables=1"},
        {BRPATH_SYSCTL_OFF, true, "sysctl -w net.bridge.bridge-nf-call-ip6tables=1"},
        {BRPATH_MODULE_ABSENT, false, "modprobe br_netfilter"},
        {BRPATH_VLAN_TAGGED, false, "sysctl -w net.bridge.bridge-nf-filter-vlan-tagged=1"},
    };
    for (const auto &row : rows) {
        Counts bypassed;
        bypassed.by_reason.at(row.reason) = 1;
        CHECK_EQ(fix_for_bypass(bypassed, row.ipv6, Summary{}).at(0), row.first);
    }
}

TEST_CASE("depends-on-bridge-netfilter names what would have to become 0") {
    const auto summary_with = [](FamilySetting setting) {
        Summary summary = scenes::node(1);
        summary.bridges[0].ipv4 = setting;
        summary.pairs = {of_a_service()};
        summary.pairs[0].to_client.translated_in_bridge = 5;
        find_all(summary);
        for (const auto &finding : summary.findings)
            if (finding.id == "depends-on-bridge-netfilter")
                return finding.summary;
        return std::string();
    };
    CHECK(summary_with({1, 0, 1}).ends_with(" net.bridge.bridge-nf-call-iptables is 0"));
    CHECK(summary_with({0, 1, 1}).ends_with(" the bridge's nf_call_iptables is 0"));
    CHECK(summary_with({1, 1, 1}).ends_with(
        " net.bridge.bridge-nf-call-iptables and the bridge's nf_call_iptables are 0"));
}

TEST_CASE("for good means that no file read later says otherwise") {
    const auto fix_with = [](const char *file, const char *value) {
        Summary summary;
        summary.node.boots_from_here = true;
        summary.boot_values = {{"net.bridge.bridge-nf-call-iptables", "0", value, file, 3}};
        Counts bypassed;
        bypassed.by_reason[BRPATH_SYSCTL_OFF] = 1;
        return fix_for_bypass(bypassed, false, summary).at(1);
    };
    const std::string own =
        "echo 'net.bridge.bridge-nf-call-iptables = 1' >> /etc/sysctl.d/99-bridge-netfilter.conf";
    CHECK_EQ(fix_with("/etc/sysctl.d/10-local.conf", "0"), own);
    CHECK_EQ(fix_with("/usr/lib/sysctl.d/99-a.conf", "0"), own);
    CHECK_EQ(fix_with("/usr/lib/sysctl.d/99-zz.conf", "1"), own);
    CHECK_EQ(fix_with("/usr/lib/sysctl.d/99-zz.conf", "0"),
             "# for good: change /usr/lib/sysctl.d/99-zz.conf line 3 to net.bridge.bridge-nf-call-iptables = "
             "1; it is "
             "read later than a new file would be");
}

} // namespace
