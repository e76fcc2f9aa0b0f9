// SPDX-License-Identifier: BSD-2-Clause
#include "table_tools.hpp"

#include <doctest/doctest.h>

using namespace brpath;
using namespace brpath::test;

TEST_CASE("frames that are not IP are one line") {
    Summary summary = with_pairs({});
    const auto add = [&](const std::string &protocol, std::uint16_t vlan, Counts to_server,
                         Counts to_client) {
        auto pair = scenes::arp(to_server);
        pair.protocol = protocol;
        pair.vlan = vlan;
        pair.to_client = to_client;
        summary.pairs.push_back(pair);
    };
    add("arp", 0, counts({{4, BRPATH_BRIDGED, BRPATH_BYPASSED}, {2, BRPATH_UP, BRPATH_NONE}}),
        counts({{1, BRPATH_EGRESS, BRPATH_NONE}}));
    add("arp", 0, counts({{1000, BRPATH_UP, BRPATH_NONE}}), {});
    add("arp", 7, counts({{3, BRPATH_DROPPED, BRPATH_NONE}}), {});
    add("lldp", 0, counts({{5, BRPATH_FLOODED, BRPATH_HOOKED}}), {});

    const auto text = table(summary);
    CHECK(contains(text, "\nno IP frames seen\n"));
    CHECK(contains(
        text,
        "\nNOT IP     arp 1,007: 4 bypassed, 1,002 up, 1 egress; arp vlan 7 3 dropped; lldp 5 hooked\n"));

    for (int i = 0; i < 100; i++)
        add("0x9" + std::to_string(100 + i), 0, counts({{1, BRPATH_UP, BRPATH_NONE}}), {});
    CHECK(contains(table(summary, 1000), "; and 95 more EtherTypes\n"));
    check_laws(summary);
}

TEST_CASE("no pairs: what to check") {
    Summary summary = scenes::node(1);
    CHECK(contains(table(summary), "\nno frames seen at bridge cni0 in 10.0 s. Check"));
    CHECK(contains(table(summary), "--netns"));

    summary.bridges.push_back({"docker0", 0, {}, {}, {}});
    CHECK(contains(table(summary), "no frames seen at bridges cni0, docker0 in"));

    summary.bridges.clear();
    CHECK(contains(table(summary), "no frames seen: there is no bridge here."));
    CHECK(contains(table(summary), "\nSETTING    no bridge in this network namespace\n"));

    summary.frames.entered = summary.frames.in_flight = 3;
    CHECK(contains(table(summary), "\nno pairs: 3 frames seen"));
}

TEST_CASE("the setting is said per bridge, families with the same values together") {
    Summary summary = scenes::node(0);
    const auto setting = [&] { return table(summary, 200); };

    CHECK(contains(setting(),
                   "\nSETTING    bridge cni0 (4 ports): IPv4, IPv6, ARP off (sysctl 0, bridge 0)\n"));
    summary.bridges[0].ports = 1;
    summary.bridges[0].ipv6 = {0, 1, 1};
    CHECK(contains(setting(),
                   "bridge cni0 (1 port): IPv4 off (sysctl 0, bridge 0); IPv6 on (sysctl 0, bridge 1); ARP "
                   "off (sysctl 0, bridge 0)\n"));
    summary.bridges[0].ipv4 = {1, 1, 1};
    summary.bridges[0].arp = {0, 1, {}};
    CHECK(contains(setting(),
                   "IPv4 on (sysctl 1, bridge 1); IPv6 on (sysctl 0, bridge 1); ARP unknown (sysctl 0, "
                   "bridge 1)\n"));
    summary.bridges[0].ipv6 = {};
    summary.bridges[0].arp = {{}, 1, {}};
    CHECK(contains(setting(), "IPv6 not available on this kernel; ARP unknown (sysctl absent, bridge 1)\n"));
    summary.bridges.push_back(scenes::node(1).bridges[0]);
    summary.bridges[1].name = "docker0";
    CHECK(contains(setting(),
                   "\n           bridge docker0 (4 ports): IPv4, IPv6, ARP on (sysctl 1, bridge 0)\n"));
    summary.module_present = false;
    CHECK(contains(setting(), "\nSETTING    br_netfilter is not loaded: no bridged frame meets netfilter\n"
                              "           bridge cni0 (1 port)\n           bridge docker0 (4 ports)\n"));
}

TEST_CASE("the account of frames is told as it is") {
    Summary summary;
    summary.frames = {20, {2, 3, 4, 5, 6, 1000}, 0};

    CHECK(contains(
        table(summary),
        "\nFRAMES     entered 20 = bridged 2 + routed 3 + up 4 + flooded 5 + dropped 6 + in flight 0;  "
        "egress 1,000\n"));
    summary.frames.in_flight = 1;
    CHECK(contains(table(summary), "\nFRAMES     entered 20 which is NOT bridged 2 +"));
}

TEST_CASE("hooks by backend, each symbol once") {
    Summary summary;
    CHECK(contains(table(summary), "\nHOOKS      none\n"));
    summary.hooks = {{"enter", "netif_receive_skb", "tracepoint"},
                     {"conntrack", "nf_conntrack_in", "fentry"},
                     {"up", "netif_receive_skb", "tracepoint"},
                     {"leave", "net_dev_queue", "tracepoint"}};
    CHECK(contains(table(summary),
                   "\nHOOKS      tracepoint: netif_receive_skb, net_dev_queue; fentry: nf_conntrack_in\n"));
}

TEST_CASE("losses are loud, and only losses") {
    Summary summary = scenes::setting_1();
    CHECK(contains(table(summary), "\nLOSSES     none\n"));
    CHECK_EQ(table(summary).find("INCOMPLETE"), std::string::npos);

    summary.losses.ring_full = 1;
    CHECK(contains(table(summary),
                   "\nLOSSES     none (the ring buffer was full 1 time, its counts were kept)\n"));
    summary.losses = {0, 0, 0, {}};
    CHECK(
        contains(table(summary), "\nLOSSES     none (this kernel does not say whether it skipped hooks)\n"));

    summary.losses = {0, 2, 1234, 0};
    CHECK(contains(table(summary),
                   "\nLOSSES     THE FIGURES ARE INCOMPLETE: 1,234 frames belong to no pair above; the "
                   "flow table was full for 2 frames\n"));
    CHECK(contains(lines_of(table(summary, 200))[0], "FIGURES INCOMPLETE"));
    CHECK(contains(render_table(summary, {true, 120}), "\x1b[1;31mLOSSES\x1b[0m"));
    summary.losses = {0, 0, 19, 0, 4099};
    CHECK(contains(table(summary),
                   "\nLOSSES     THE FIGURES ARE INCOMPLETE: 19 frames belong to no pair above; "
                   "4,099 pairs forgotten to make room for others\n"));
    summary.losses = {0, 0, 0, 17};
    CHECK(contains(table(summary),
                   "\nLOSSES     THE FIGURES ARE INCOMPLETE: the kernel skipped a hook 17 times\n"));
}

TEST_CASE("sources of names: a line only where something is to be done") {
    Summary summary = scenes::setting_0();
    CHECK_FALSE(contains(table(summary), "NAMES"));
    summary.name_sources = {{"cni", NameSourceState::State::up, 3, 1, ""},
                            {"docker", NameSourceState::State::down, 0, 0, "connect: refused"}};
    CHECK(contains(line_with(table(summary), "NAMES"), "docker is down: connect: refused"));
    summary.name_sources.clear();
    for (auto &pair : summary.pairs) {
        pair.client.name = summary.node.hostname;
        pair.server.name.clear();
        if (pair.service)
            pair.service->name.clear();
    }
    CHECK(contains(line_with(table(summary), "NAMES"), "--names FILE"));
    summary.pairs.clear();
    CHECK_FALSE(contains(table(summary), "NAMES"));
}

TEST_CASE("findings: the worst first, ten of them") {
    Summary summary = scenes::setting_0();
    auto finding = summary.findings[0];
    summary.findings.clear();
    for (int i = 0; i < 12; i++) {
        finding.id = "finding-" + std::to_string(i);
        finding.severity = i == 11 ? Severity::critical : i == 10 ? Severity::warning : Severity::info;
        summary.findings.push_back(finding);
    }
    const auto text = table(summary);

    CHECK(contains(lines_of(text)[0], "12 findings"));
    CHECK(contains(text, "\nFINDINGS\ncritical   finding-11\n"));
    CHECK_LT(text.find("finding-11"), text.find("warning    finding-10\n"));
    CHECK_LT(text.find("finding-10"), text.find("info       finding-0\n"));
    CHECK(contains(text, "finding-7\n"));
    CHECK_EQ(text.find("finding-8\n"), std::string::npos);
    CHECK(text.ends_with("\nand 2 more findings: --format json lists all\n"
                         "           more: brpath observe --explain finding-11\n"));
    check_laws(summary);
}

TEST_CASE("evidence says what the sentence does not") {
    Summary summary = scenes::setting_0();
    const auto text = table(summary);

    CHECK(contains(text, "evidence: untranslated replies: 3; client resets: 3; SYN retransmissions: 2;"));
    CHECK_EQ(text.find("protocol: tcp"), std::string::npos);
    summary.findings[0].evidence = {{"service", "elsewhere"}, {"empty", ""}, {"client_resets", 1234}};
    CHECK(contains(table(summary), "\n           evidence: service: elsewhere; client resets: 1,234\n"));
    summary.findings[0].evidence.clear();
    CHECK_EQ(table(summary).find("evidence"), std::string::npos);
}

TEST_CASE("a fix is never broken, so that it can be copied") {
    Summary summary = scenes::setting_0();
    const std::string command = "sysctl -w " + std::string(200, 'x') + " y";
    summary.findings[0].fix = {command, "second"};

    CHECK(contains(table(summary, 80), "\n           fix: " + command + "\n                second\n"));
}
