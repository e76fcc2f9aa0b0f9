// SPDX-License-Identifier: BSD-2-Clause
#include "data/golden.hpp"
#include "table_tools.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <limits>
#include <set>

using namespace brpath;
using namespace brpath::test;

TEST_CASE("the tables of the incident are what the golden files say") {
    check_golden("table-setting-0.txt", table(scenes::setting_0()));
    check_golden("table-setting-0-80.txt", table(scenes::setting_0(), 80));
    check_golden("table-setting-0-colour.txt", render_table(scenes::setting_0(), {true, 120}));
    check_golden("table-changed.txt", table(scenes::setting_changed()));
    check_golden("table-setting-1.txt", table(scenes::setting_1()));
    check_golden("table-no-frames.txt", table(scenes::node(1)));
}

TEST_CASE("the incident is one row and the line below it") {
    for (const int columns : {80, 120}) {
        const auto lines = lines_of(table(scenes::setting_0(), columns));
        const auto row = std::find_if(lines.begin(), lines.end(),
                                      [](const auto &line) { return contains(line, "10.96.0.10:80"); });
        REQUIRE(row != lines.end());
        for (const char *part :
             {"frontend", "cart", "shop/cart 10.96.0.10:80", "tcp", "6 tracked", "3 BYPASSED"})
            CHECK(contains(*row, part));
        CHECK(contains(table(scenes::setting_0(), columns),
                       "\n  ! reply-not-translated: 3 replies untranslated"));
    }
    // what is bypassed and harms nobody does not shout
    CHECK_EQ(table(scenes::setting_0()).find("7 BYPASSED"), std::string::npos);
    CHECK_EQ(table(scenes::setting_1()).find("BYPASSED"), std::string::npos);
    CHECK_EQ(table(scenes::setting_1()).find("  !"), std::string::npos);
}

TEST_CASE("the laws hold for the scenes") {
    check_laws(scenes::setting_0());
    check_laws(scenes::setting_1());
    check_laws(scenes::node(0));
    check_laws({});
}

TEST_CASE("a direction in words") {
    CHECK_EQ(direction({}), "0");
    CHECK_EQ(direction(counts({{6, BRPATH_ROUTED, BRPATH_TRACKED}})), "6 tracked (routed)");
    CHECK_EQ(direction(counts({{6, BRPATH_ROUTED, BRPATH_TRACKED}}), false), "6 tracked");
    CHECK_EQ(direction(counts({{5, BRPATH_BRIDGED, BRPATH_BYPASSED}})), "5 bypassed");
    CHECK_EQ(direction(counts({{5, BRPATH_BRIDGED, BRPATH_BYPASSED}}), true, true), "5 BYPASSED");
    CHECK_EQ(direction(counts({{5, BRPATH_BRIDGED, BRPATH_TRACKED}, {2, BRPATH_BRIDGED, BRPATH_BYPASSED}})),
             "5 tracked (bridged)|2 bypassed");
    CHECK_EQ(direction(counts({{5, BRPATH_BRIDGED, BRPATH_TRACKED}, {2, BRPATH_BRIDGED, BRPATH_BYPASSED}}),
                       false, true),
             "5 tracked|2 BYPASSED");
    CHECK_EQ(direction(counts({{4, BRPATH_ROUTED, BRPATH_TRACKED}, {1, BRPATH_DROPPED, BRPATH_TRACKED}})),
             "5 tracked (4 routed, 1 dropped)");
    CHECK_EQ(direction(counts({{3, BRPATH_UP, BRPATH_UNTRACKED}})), "3 untracked (up)");
    CHECK_EQ(direction(counts({{3, BRPATH_EGRESS, BRPATH_HOOKED}})), "3 hooked (egress)");
    CHECK_EQ(direction(counts({{3, BRPATH_DROPPED, BRPATH_UNKNOWN}})), "3 unknown (dropped)");
    CHECK_EQ(direction(counts({{1234567, BRPATH_UP, BRPATH_TRACKED}})), "1,234,567 tracked (up)");
}

TEST_CASE("a path is said only where it follows from the counts") {
    // bridged or flooded: which of them was bypassed is not known
    CHECK_EQ(direction(counts({{5, BRPATH_BRIDGED, BRPATH_TRACKED},
                               {2, BRPATH_FLOODED, BRPATH_TRACKED},
                               {2, BRPATH_BRIDGED, BRPATH_BYPASSED}})),
             "7 tracked|2 bypassed");
    CHECK_EQ(direction(counts({{5, BRPATH_ROUTED, BRPATH_TRACKED},
                               {2, BRPATH_FLOODED, BRPATH_BYPASSED},
                               {1, BRPATH_BRIDGED, BRPATH_BYPASSED}})),
             "5 tracked (routed)|3 bypassed (1 bridged, 2 flooded)");
    CHECK_EQ(direction(counts({{2, BRPATH_FLOODED, BRPATH_BYPASSED}})), "2 bypassed (flooded)");
    CHECK_EQ(direction(counts({{2, BRPATH_FLOODED, BRPATH_BYPASSED}, {3, BRPATH_FLOODED, BRPATH_TRACKED}})),
             "3 tracked (flooded)|2 bypassed (flooded)");
    CHECK_EQ(direction(counts({{2, BRPATH_BRIDGED, BRPATH_TRACKED}, {3, BRPATH_FLOODED, BRPATH_TRACKED}})),
             "5 tracked (2 bridged, 3 flooded)");
    // two handlings and two paths: any pairing would be a guess
    CHECK_EQ(direction(counts({{2, BRPATH_ROUTED, BRPATH_TRACKED}, {3, BRPATH_UP, BRPATH_UNTRACKED}})),
             "2 tracked|3 untracked");
    CHECK_EQ(direction(counts({{2, BRPATH_UP, BRPATH_TRACKED}, {3, BRPATH_UP, BRPATH_UNTRACKED}})),
             "2 tracked (up)|3 untracked (up)");
}

TEST_CASE("a reason is said when the setting does not explain it") {
    const auto bypassed = [](brpath_reason reason) {
        return direction(counts({{4, BRPATH_BRIDGED, BRPATH_BYPASSED}}, reason));
    };

    CHECK_EQ(bypassed(BRPATH_SYSCTL_OFF), "4 bypassed");
    CHECK_EQ(bypassed(BRPATH_MODULE_ABSENT), "4 bypassed");
    CHECK_EQ(bypassed(BRPATH_VLAN_TAGGED), "4 bypassed (vlan-tagged)");
    CHECK_EQ(bypassed(BRPATH_PPPOE_TAGGED), "4 bypassed (pppoe-tagged)");
    CHECK_EQ(bypassed(BRPATH_REASON_UNKNOWN), "4 bypassed (reason unknown)");
    CHECK_EQ(direction(counts({{4, BRPATH_FLOODED, BRPATH_BYPASSED}}, BRPATH_VLAN_TAGGED)),
             "4 bypassed (vlan-tagged; flooded)");
}

TEST_CASE("endpoints, services and protocols") {
    auto pair = simple_pair();
    pair.service = Service{"", "10.96.0.1", 443};
    CHECK(contains(table(with_pairs({pair})), "  10.96.0.1:443  "));
    pair.service = Service{"", "fd00::1", 443};
    CHECK(contains(table(with_pairs({pair})), "  [fd00::1]:443  "));
    pair.service = Service{"dns", "fd00::1", 0};
    CHECK(contains(table(with_pairs({pair})), "  dns fd00::1  "));
    pair.vlan = 10;
    CHECK(contains(table(with_pairs({pair})), "  tcp vlan 10  "));
    pair.client.name.clear();
    CHECK(contains(line_with(table(with_pairs({pair})), "vlan 10"), "10.0.0.1  b"));
    pair.client.ip.clear();
    CHECK(line_with(table(with_pairs({pair})), "vlan 10").starts_with("-  "));
}

TEST_CASE("a name that stands for two addresses comes with the address") {
    auto four = simple_pair("front", "back");
    auto six = four;
    six.client.ip = "fd00::1";
    const auto text = table(with_pairs({four, six}));

    CHECK(contains(text, "\n(10.0.0.1)\n"));
    CHECK(contains(text, "\n(fd00::1)\n"));
    CHECK_EQ(text.find("(10.0.0.2)"), std::string::npos);
    CHECK_EQ(table(with_pairs({four, four})).find("(10.0.0.1)"), std::string::npos);
}

TEST_CASE("columns line up, whatever the width of the characters") {
    const auto text =
        table(with_pairs({simple_pair("plain"), simple_pair("naïve-größe"), simple_pair("数据库-后端"),
                          simple_pair("e\u0301te\u0301"), simple_pair("🦀-crab")}));
    std::vector<std::size_t> places;

    for (const auto &line : lines_of(text))
        if (const auto place = line.find("1 bypassed"); place != std::string::npos)
            places.push_back(display_width(line.substr(0, place)));
    REQUIRE_EQ(places.size(), 5);
    CHECK_EQ(
        display_width(line_with(text, "TO SERVER").substr(0, line_with(text, "TO SERVER").find("TO SERVER"))),
        places[0]);
    CHECK_EQ(std::set<std::size_t>(places.begin(), places.end()).size(), 1);
}

TEST_CASE("details give way before names do") {
    auto pair = simple_pair("client-of-21-columns.", "server-of-21-columns.");
    pair.service = Service{"", "10.96.0.10", 8080};
    pair.to_server = counts({{3, BRPATH_ROUTED, BRPATH_TRACKED}, {4, BRPATH_BRIDGED, BRPATH_BYPASSED}});
    const auto wide = table(with_pairs({pair}), 120);
    const auto narrow = table(with_pairs({pair}), 100);
    const auto small = table(with_pairs({pair}), 92);

    CHECK(contains(wide, "  3 tracked (routed), 4 bypassed  0"));
    CHECK(contains(narrow, "  3 tracked (routed)  0\n"));
    CHECK(contains(narrow, "  4 bypassed\n"));
    CHECK(contains(small, "  3 tracked   0\n"));
    CHECK(contains(table(with_pairs({pair}), 111), "(routed), 4 bypassed"));
    CHECK_FALSE(contains(table(with_pairs({pair}), 110), "(routed), 4 bypassed"));
    for (const auto &text : {wide, narrow, small})
        CHECK(contains(text, "client-of-21-columns.  server-of-21-columns.  10.96.0.10:8080  tcp"));
}

TEST_CASE("hostile names stay on their line") {
    const std::string hostile = "a\x1b]0;owned\x07\n\r\t\xff\xc0\xaf\x9b\u009b\x7f\u202e\u2028\u200f{}%s";
    Summary summary = scenes::setting_0();

    summary.node.hostname = summary.node.kernel = summary.node.netns = summary.node.started = hostile;
    summary.bridges[0].name = hostile;
    summary.hooks[0] = {hostile, hostile, hostile};
    summary.pairs[0].client.name = summary.pairs[0].server.name = summary.pairs[0].protocol = hostile;
    summary.pairs[0].service->name = summary.pairs[0].service->ip = hostile;
    summary.pairs[0].findings = {hostile};
    summary.pairs[1].client = {"", hostile, 0, ""};
    summary.pairs.back().protocol = hostile;
    summary.findings[0].id = summary.findings[0].summary = hostile;
    summary.findings[0].evidence = {{hostile, hostile}, {hostile, 1}};
    summary.findings[0].fix = {hostile};
    check_laws(summary);
    const auto text = table(summary, 1000);
    CHECK_EQ(lines_of(text).size(), lines_of(table(scenes::setting_0(), 1000)).size());
    CHECK(contains(text, "a?]0;owned?????????????{}%s"));
    for (const char *misleading : {"\u202e", "\u2028", "\u200f", "\u009b"})
        CHECK_EQ(text.find(misleading), std::string::npos);
}

TEST_CASE("texts without end stay within the width") {
    const std::string endless(5000, 'x');
    Summary summary = scenes::setting_0();

    summary.node.hostname = endless;
    summary.bridges[0].name = endless;
    summary.hooks[0].symbol = endless;
    summary.pairs[0].client.name = summary.pairs[0].server.name = summary.pairs[0].protocol = endless;
    summary.pairs[0].service->name = endless;
    summary.pairs[0].findings = {endless};
    summary.pairs.back().protocol = endless;
    summary.findings[0].id = summary.findings[0].summary = endless;
    summary.findings[0].evidence = {{endless, endless + "y"}};
    summary.findings[0].fix = {endless};
    check_laws(summary);
}

TEST_CASE("numbers without end stay within the width") {
    Summary summary = scenes::setting_0();
    const auto huge = std::numeric_limits<std::int64_t>::max() / 1000; // so that sums are numbers, too

    for (auto &pair : summary.pairs)
        for (auto *counted : {&pair.to_server, &pair.to_client}) {
            counted->frames = huge;
            counted->by_handling.fill(huge / 100);
            counted->by_path.fill(huge / 100);
        }
    summary.frames.entered = summary.frames.in_flight = huge;
    summary.frames.by_path.fill(0);
    summary.losses = {huge, huge, huge, huge, huge};
    check_laws(summary);
}

TEST_CASE("many pairs are cut, and it is said") {
    std::vector<Pair> pairs;
    pairs.reserve(2041);
    for (int i = 0; i < 40; i++)
        pairs.push_back(simple_pair("client-" + std::to_string(i)));
    CHECK(contains(table(with_pairs(pairs)), "client-39 "));
    CHECK_EQ(table(with_pairs(pairs)).find(" more pair"), std::string::npos);

    pairs.push_back(simple_pair("client-40"));
    const auto one = table(with_pairs(pairs));
    CHECK_EQ(one.find("client-40"), std::string::npos);
    CHECK(contains(one, "\nand 1 more pair with 1 frame: --format json lists all\n"));

    for (int i = 0; i < 2000; i++)
        pairs.push_back(simple_pair());
    CHECK(contains(table(with_pairs(pairs)),
                   "\nand 2,001 more pairs with 2,001 frames: --format json lists all\n"));
    check_laws(with_pairs(pairs));
}

TEST_CASE("colour is for terminals only") {
    const auto coloured = render_table(scenes::setting_0(), {true, 120});

    CHECK_EQ(table(scenes::setting_0()).find('\x1b'), std::string::npos);
    CHECK(contains(coloured, "\x1b[1;31m3 BYPASSED\x1b[0m"));
    CHECK(contains(coloured, "\x1b[2mCLIENT\x1b[0m"));
    CHECK_EQ(coloured.find("\x1b[1;31m7 bypassed"), std::string::npos);
    CHECK_EQ(render_table(scenes::setting_1(), {true, 120}).find("\x1b[1;31m"), std::string::npos);
}

TEST_CASE("ICMP errors are said below the pair that they are about") {
    Summary summary = scenes::setting_0();
    auto &pair = summary.pairs[0];
    pair.untranslated_replies = pair.client_resets = pair.syn_retransmissions = 0;
    pair.untranslated_errors = 1;
    pair.client_errors = 2;
    CHECK(contains(table(summary),
                   "\n  ! reply-not-translated: 1 ICMP error untranslated, 2 ICMP errors of the client\n"));
    check_laws(summary);
}
