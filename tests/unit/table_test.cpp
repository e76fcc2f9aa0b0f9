// SPDX-License-Identifier: BSD-2-Clause
#include "data/golden.hpp"
#include "data/scenes.hpp"
#include "output/direction_text.hpp"
#include "output/number.hpp"
#include "output/render.hpp"
#include "output/table_sections.hpp"
#include "output/text_grid.hpp"
#include "output/text_width.hpp"
#include "output/text_wrap.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <limits>
#include <set>
#include <sstream>

using namespace brpath;
using scenes::counts;

namespace {

using Lines = std::vector<std::string>;

Lines lines_of(const std::string &text) {
    std::istringstream stream(text);
    Lines lines;

    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

bool contains(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
}

// The first line that has this in it.
std::string line_with(const std::string &text, const std::string &part) {
    for (const auto &line : lines_of(text))
        if (contains(line, part))
            return line;
    FAIL("no line has \"" << part << "\" in:\n" << text);
    return {};
}

std::string table(const Summary &summary, int columns = 120) {
    return render_table(summary, {false, columns});
}

std::string without_colour(std::string text) {
    for (const std::string code : {"\x1b[2m", "\x1b[1m", "\x1b[1;31m", "\x1b[0m"})
        for (auto place = text.find(code); place != std::string::npos; place = text.find(code))
            text.erase(place, code.size());
    return text;
}

bool is_fix(const std::string &line, const Summary &summary) {
    for (const auto &finding : summary.findings)
        for (const auto &fix : finding.fix)
            if (line.ends_with(clean(fix)))
                return true;
    return false;
}

// What holds for every table, whatever is in it.
void check_laws(const Summary &summary) {
    for (const int columns : {-1, 0, 40, 80, 81, 97, 100, 120, 121, 200, 1000}) {
        CAPTURE(columns);
        const auto text = table(summary, columns);
        const auto width = static_cast<std::size_t>(std::max(columns, 80));
        for (const auto &line : lines_of(text)) {
            CAPTURE(line);
            CHECK((display_width(line) <= width || is_fix(line, summary)));
            CHECK_FALSE(line.ends_with(' '));
        }
        CHECK(std::none_of(text.begin(), text.end(), [](char c) {
            return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f;
        }));
        CHECK(text.ends_with('\n'));
        CHECK_EQ(without_colour(render_table(summary, {true, columns})), text);
    }
}

Summary with_pairs(std::vector<Pair> pairs) {
    Summary summary = scenes::node(0);

    for (const auto &pair : pairs) {
        summary.frames.entered += pair.to_server.frames + pair.to_client.frames;
        summary.frames.by_path[BRPATH_BRIDGED] += pair.to_server.frames + pair.to_client.frames;
    }
    summary.pairs = std::move(pairs);
    return summary;
}

Pair simple_pair(std::string client = "a", std::string server = "b") {
    return scenes::pair({std::move(client), "10.0.0.1", 1, "v1"}, {std::move(server), "10.0.0.2", 2, "v2"},
                        "tcp", counts({{1, BRPATH_BRIDGED, BRPATH_BYPASSED}}), {});
}

std::string direction(const Counts &of, bool paths = true, bool alarm = false) {
    std::string joined;

    for (const auto &part : describe_direction(of, {.paths = paths, .alarm = alarm}))
        joined += (joined.empty() ? "" : "|") + part;
    return joined;
}

} // namespace

TEST_CASE("the tables of the incident are what the golden files say") {
    check_golden("table-setting-0.txt", table(scenes::setting_0()));
    check_golden("table-setting-0-80.txt", table(scenes::setting_0(), 80));
    check_golden("table-setting-0-colour.txt", render_table(scenes::setting_0(), {true, 120}));
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

TEST_CASE("width of text") {
    CHECK_EQ(display_width(""), 0);
    CHECK_EQ(display_width("abc"), 3);
    CHECK_EQ(display_width("größe"), 5);
    CHECK_EQ(display_width("数据库"), 6);
    CHECK_EQ(display_width("e\u0301"), 1);
    CHECK_EQ(display_width("🦀"), 2);
}

TEST_CASE("what is too long loses its middle") {
    CHECK_EQ(elided("abcdefghij", 10), "abcdefghij");
    CHECK_EQ(elided("abcdefghijk", 10), "abcd..hijk");
    CHECK_EQ(elided("abcdefghijk", 9), "abc..hijk");
    CHECK_EQ(elided("abcdefghijk", 4), "a..k");
    CHECK_EQ(elided("abcdefghijk", 3), "..");
    CHECK_EQ(elided("abcdefghijk", 1), ".");
    CHECK_EQ(elided("abcdefghijk", 0), "");
    CHECK_EQ(elided("größerer-name", 8), "grö..ame");
    CHECK_EQ(elided("数据库数据库", 8), "数..库");
    CHECK_EQ(elided("数据库数据库", 10), "数据..据库");
    CHECK_EQ(elided("数据库数据库", 5), "..库");
    CHECK_EQ(elided("abcde\u0301f", 4), "a..f");
    CHECK_EQ(elided("abcdefe\u0301", 6), "ab..fe\u0301");
    CHECK_EQ(elided("abcdefe\u0301\u0301", 5), "a..fe\u0301\u0301");
}

TEST_CASE("long names keep both ends") {
    const auto text =
        table(with_pairs({simple_pair("spring-prod/panorama-frontend-6d5f7c9b8d-x2x7q-with-more-to-it",
                                      "spring-prod/panorama-backend-5f6b7d8c9b-pp4zk-with-more-to-it"),
                          simple_pair("short", "b")}));
    const auto row = line_with(text, "spring-prod");

    CHECK(row.starts_with("spring-prod/pan"));
    CHECK(contains(row, ".."));
    CHECK(contains(row, "with-more-to-it  spring-prod/pan"));
    CHECK(contains(line_with(text, "short"), "short  "));
}

TEST_CASE("a grid takes from its elastic columns first, and from the widest of them") {
    const Grid grid{{{"A", true}, {"B", true}, {"C", false}},
                    {{{{{"aaaaaaaaaaaaaaaaaaaa"}}, {{"bbbbbbbbb"}}, {{"ccccccccccccccccccccccccc"}}}, ""}}};

    CHECK_EQ(grid_width(grid, 100), 58);
    CHECK_EQ(grid_width(grid, 10), 48);
    CHECK_EQ(lines_of(render_grid(grid, 58, false))[1],
             "aaaaaaaaaaaaaaaaaaaa  bbbbbbbbb  ccccccccccccccccccccccccc");
    CHECK_EQ(lines_of(render_grid(grid, 48, false))[1], "aaaa..aaaa  bbbbbbbbb  ccccccccccccccccccccccccc");
    CHECK_EQ(lines_of(render_grid(grid, 43, false))[1], "aa..aaa  bb..bbb  ccccccccccccccccccccccccc");
    CHECK_EQ(lines_of(render_grid(grid, 28, false))[1], "aa..aaa  bb..bbb  cccc..cccc");
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

TEST_CASE("numbers") {
    CHECK_EQ(grouped(0), "0");
    CHECK_EQ(grouped(999), "999");
    CHECK_EQ(grouped(1000), "1,000");
    CHECK_EQ(grouped(1234567), "1,234,567");
    CHECK_EQ(grouped(-999), "-999");
    CHECK_EQ(grouped(-123456), "-123,456");
    CHECK_EQ(grouped(std::numeric_limits<std::int64_t>::min()), "-9,223,372,036,854,775,808");
    CHECK_EQ(counted(1, "port"), "1 port");
    CHECK_EQ(counted(0, "port"), "0 ports");
    CHECK_EQ(counted(2000, "port"), "2,000 ports");
}

TEST_CASE("times") {
    CHECK_EQ(time_text(0), "0.0 s");
    CHECK_EQ(time_text(10.04), "10.0 s");
    CHECK_EQ(time_text(119.9), "119.9 s");
    CHECK_EQ(time_text(120), "2 min 00 s");
    CHECK_EQ(time_text(200.7), "3 min 20 s");
    CHECK_EQ(time_text(7199), "119 min 59 s");
    CHECK_EQ(time_text(7500), "2 h 05 min");
}

TEST_CASE("running text") {
    CHECK(wrapped("", 10) == Lines{""});
    CHECK(wrapped("one two three", 7) == Lines{"one two", "three"});
    CHECK(wrapped("one two three", 8) == Lines{"one two", "three"});
    CHECK(wrapped("one two three", 6) == Lines{"one", "two", "three"});
    CHECK(wrapped("a   b", 5) == Lines{"a   b"});
    CHECK(wrapped("a   b", 4) == Lines{"a", "b"});
    CHECK(wrapped("  a ", 4) == Lines{"a"});
    CHECK(wrapped("abcdefgh ij", 3) == Lines{"abc", "def", "gh", "ij"});
    CHECK(wrapped("größe größe", 5) == Lines{"größe", "größe"});
    CHECK(wrapped("数据库", 4) == Lines{"数据", "库"});
    CHECK(wrapped("数据", 1) == Lines{"数", "据"});
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

TEST_CASE("colour is for terminals only") {
    const auto coloured = render_table(scenes::setting_0(), {true, 120});

    CHECK_EQ(table(scenes::setting_0()).find('\x1b'), std::string::npos);
    CHECK(contains(coloured, "\x1b[1;31m3 BYPASSED\x1b[0m"));
    CHECK(contains(coloured, "\x1b[2mCLIENT\x1b[0m"));
    CHECK_EQ(coloured.find("\x1b[1;31m7 bypassed"), std::string::npos);
    CHECK_EQ(render_table(scenes::setting_1(), {true, 120}).find("\x1b[1;31m"), std::string::npos);
}
