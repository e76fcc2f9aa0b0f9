// SPDX-License-Identifier: BSD-2-Clause
#include "data/golden.hpp"
#include "data/scenes.hpp"
#include "output/render.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

using namespace brpath;
using Json = nlohmann::ordered_json;

namespace {

Json document(const Summary &summary) { return Json::parse(render_json(summary)); }

std::vector<std::string> keys(const Json &object) {
    std::vector<std::string> names;

    for (const auto &[name, value] : object.items())
        names.push_back(name);
    return names;
}

using Names = std::vector<std::string>;

void collect_keys(const Json &value, std::set<std::string> &names) {
    if (value.is_object())
        for (const auto &[name, member] : value.items())
            names.insert(name);
    if (value.is_structured())
        for (const auto &member : value)
            collect_keys(member, names);
}

} // namespace

TEST_CASE("the documents of the incident are what the golden files say") {
    check_golden("summary-setting-0.json", render_json(scenes::setting_0()));
    check_golden("summary-setting-1.json", render_json(scenes::setting_1()));
}

TEST_CASE("ndjson is the same document on one line") {
    const auto line = render_ndjson(scenes::setting_0());

    CHECK_EQ(std::count(line.begin(), line.end(), '\n'), 1);
    CHECK(line.ends_with("}\n"));
    CHECK(Json::parse(line) == document(scenes::setting_0()));
}

TEST_CASE("keys and their order are the contract") {
    const auto json = document(scenes::setting_0());

    CHECK(keys(json) == Names{"schema", "node", "hooks", "module", "bridges", "changes", "frames", "pairs",
                              "findings", "losses", "names"});
    CHECK_EQ(json["schema"], "brpath.summary/1");
    CHECK(keys(json["node"]) == Names{"hostname", "kernel", "netns", "started", "duration_s"});
    CHECK(json["node"]["duration_s"].is_number_float());
    CHECK(keys(json["hooks"][0]) == Names{"hook", "symbol", "backend"});
    CHECK(keys(json["bridges"][0]) == Names{"name", "ports", "settings"});
    CHECK(keys(json["bridges"][0]["settings"]) == Names{"ipv4", "ipv6", "arp"});
    CHECK(keys(json["bridges"][0]["settings"]["arp"]) == Names{"sysctl", "bridge", "effective"});
    CHECK(keys(json["frames"]) ==
          Names{"entered", "bridged", "routed", "up", "flooded", "dropped", "in_flight", "egress"});
    const auto &pair = json["pairs"][0];
    CHECK(keys(pair) ==
          Names{"client", "server", "service", "protocol", "to_server", "to_client", "findings"});
    CHECK(keys(pair["client"]) == Names{"name", "ip", "port_device"});
    CHECK(keys(pair["service"]) == Names{"name", "ip", "port"});
    CHECK(keys(pair["to_client"]) == Names{"frames", "bytes", "tracked", "untracked", "hooked", "bypassed",
                                           "unknown", "none", "paths", "bypass_reasons"});
    CHECK(keys(json["findings"][0]) == Names{"id", "severity", "summary", "evidence", "fix"});
    CHECK(keys(json["losses"]) == Names{"ring_full", "flow_table_full", "unattributed_frames",
                                        "missed_probes", "forgotten_pairs", "unlisted_changes"});
}

TEST_CASE("an empty summary is a whole document") {
    const auto json = document({});

    CHECK(json["node"]["hostname"].is_null());
    CHECK(json["node"]["netns"].is_null());
    CHECK(json["hooks"] == Json::array());
    CHECK(json["module"]["br_netfilter"] == false);
    CHECK(json["bridges"] == Json::array());
    CHECK(json["pairs"] == Json::array());
    CHECK(json["findings"] == Json::array());
    CHECK(json["losses"]["missed_probes"].is_null());
    CHECK_EQ(json["losses"]["ring_full"], 0);
}

TEST_CASE("what is not known is null") {
    Summary summary = scenes::node(0);
    summary.module_present = false;
    summary.bridges = {{"br0", 1, {}, {{}, 0, {}}, {}}};
    summary.pairs = {scenes::pair({"", "10.0.0.1", 0, ""}, {}, "udp", {}, {})};
    summary.losses.missed_probes.reset();
    const auto json = document(summary);

    CHECK(json["bridges"][0]["settings"]["ipv4"]["sysctl"].is_null());
    CHECK(json["bridges"][0]["settings"]["ipv4"]["bridge"].is_null());
    CHECK(json["bridges"][0]["settings"]["ipv4"]["effective"].is_null());
    CHECK_EQ(json["bridges"][0]["settings"]["ipv6"]["bridge"], 0);
    CHECK(json["pairs"][0]["client"]["name"].is_null());
    CHECK_EQ(json["pairs"][0]["client"]["ip"], "10.0.0.1");
    CHECK(json["pairs"][0]["client"]["port_device"].is_null());
    CHECK(json["pairs"][0]["service"].is_null());
    CHECK(json["losses"]["missed_probes"].is_null());
}

TEST_CASE("frames that are not IP have no addresses and no server") {
    const auto json = document(scenes::setting_0());
    const auto &arp = json["pairs"].back();

    CHECK_EQ(arp["protocol"], "arp");
    CHECK(arp["client"]["ip"].is_null());
    CHECK_EQ(arp["client"]["port_device"], "veth-frontend");
    for (const auto &value : arp["server"])
        CHECK(value.is_null());
    CHECK_EQ(arp["to_server"]["none"], 2);
    CHECK(arp["to_server"]["bypass_reasons"] == Json{{"not-ip", 4}});
}

TEST_CASE("each handling, path and reason has its own figure") {
    Summary summary;
    Counts counts;
    std::int64_t next = 1;
    for (auto &frames : counts.by_handling)
        frames = next++;
    for (auto &frames : counts.by_path)
        frames = next++;
    for (auto &frames : counts.by_reason)
        frames = next++;
    counts.frames = 100;
    counts.bytes = std::numeric_limits<std::int64_t>::max();
    summary.pairs = {scenes::pair(scenes::frontend(), scenes::cart(), "tcp", counts, {})};
    const auto json = document(summary)["pairs"][0]["to_server"];

    CHECK(json ==
          Json{{"frames", 100},
               {"bytes", 9223372036854775807},
               {"tracked", 1},
               {"untracked", 2},
               {"hooked", 3},
               {"bypassed", 4},
               {"unknown", 5},
               {"none", 6},
               {"paths",
                {{"bridged", 7}, {"routed", 8}, {"up", 9}, {"flooded", 10}, {"dropped", 11}, {"egress", 12}}},
               {"bypass_reasons",
                {{"sysctl-off", 13},
                 {"module-absent", 14},
                 {"vlan-tagged", 15},
                 {"pppoe-tagged", 16},
                 {"not-ip", 17},
                 {"unknown", 18}}}});
}

TEST_CASE("paths hold what there was, and reasons stand only where something was bypassed") {
    const auto json = document(scenes::setting_0());

    CHECK(json["pairs"][0]["to_server"]["paths"] == Json{{"bridged", 3}, {"routed", 6}});
    CHECK(json["pairs"][3]["to_client"]["paths"] == Json{{"up", 1}});
    CHECK_FALSE(json["pairs"][3]["to_client"].contains("bypass_reasons"));
    CHECK(json["pairs"].back()["to_client"]["paths"] == Json::object());
}

TEST_CASE("the VLAN stands only where there is one") {
    Summary summary = scenes::setting_0();
    summary.pairs[1].vlan = 10;
    const auto json = document(summary);

    CHECK_FALSE(json["pairs"][0].contains("vlan"));
    CHECK_EQ(json["pairs"][1]["vlan"], 10);
}

TEST_CASE("totals") {
    Summary summary;
    summary.frames = {28, {2, 3, 4, 5, 6, 7}, 8};
    summary.losses = {1, 2, 3, 4, 5, 6};
    summary.module_present = true;
    const auto json = document(summary);

    CHECK(json["frames"] == Json{{"entered", 28},
                                 {"bridged", 2},
                                 {"routed", 3},
                                 {"up", 4},
                                 {"flooded", 5},
                                 {"dropped", 6},
                                 {"in_flight", 8},
                                 {"egress", 7}});
    CHECK(json["losses"] == Json{{"ring_full", 1},
                                 {"flow_table_full", 2},
                                 {"unattributed_frames", 3},
                                 {"missed_probes", 4},
                                 {"forgotten_pairs", 5},
                                 {"unlisted_changes", 6}});
    CHECK_EQ(json["module"]["br_netfilter"], true);
}

TEST_CASE("sources of names, in their order") {
    Summary summary = scenes::setting_0();
    summary.name_sources = {{"cni", NameSourceState::State::up, 3, 1, ""},
                            {"docker", NameSourceState::State::down, 2, 0, "connect: refused\x1b"},
                            {"ipam", NameSourceState::State::absent, 0, 0, ""}};
    const auto sources = document(summary)["names"]["sources"];
    REQUIRE(sources.size() == 3);
    CHECK(sources[0].dump() == R"({"id":"cni","state":"up","endpoints":3,"services":1,"why":null})");
    CHECK(sources[1].dump() ==
          R"({"id":"docker","state":"down","endpoints":2,"services":0,"why":"connect: refused?"})");
    CHECK(sources[2].dump() == R"({"id":"ipam","state":"absent","endpoints":0,"services":0,"why":null})");
}

TEST_CASE("evidence keeps numbers as numbers") {
    const auto evidence = document(scenes::setting_0())["findings"][0]["evidence"];

    CHECK_EQ(evidence["client_resets"], 3);
    CHECK(evidence["client_resets"].is_number_integer());
    CHECK_EQ(evidence["service"], "10.96.0.10:80");
}

TEST_CASE("hostile names harm neither the document nor a terminal that shows it decoded") {
    const std::string hostile = "a\x1b]0;owned\x07\"\\\n\r\xff\xc0\xaf\x9b\u009b\x7f{}%s";
    Summary summary = scenes::setting_0();

    summary.node.hostname = summary.node.netns = summary.bridges[0].name = summary.hooks[0].symbol = hostile;
    summary.pairs[0].client.name = summary.pairs[0].client.port_device = hostile;
    summary.pairs[0].protocol = summary.pairs[0].findings[0] = summary.pairs[0].service->name = hostile;
    summary.findings[0].id = summary.findings[0].summary = summary.findings[0].fix[0] = hostile;
    summary.findings[0].evidence = {{hostile, hostile}};
    summary.changes = {{"time", hostile, hostile, hostile}};
    summary.changes[0].who = scenes::colleague();
    summary.changes[0].who->command = summary.changes[0].who->parents[0].name = hostile;
    for (const auto &text : {render_json(summary), render_ndjson(summary)}) {
        const auto json = Json::parse(text); // throws on what is no JSON or no UTF-8
        CHECK_EQ(json["pairs"][0]["client"]["name"], "a?]0;owned?\"\\????????{}%s");
        CHECK_EQ(json["findings"][0]["evidence"].begin().key(), "a?]0;owned?\"\\????????{}%s");
        CHECK_EQ(text.find("\\u001b"), std::string::npos);
        CHECK(std::none_of(text.begin(), text.end(), [](char c) {
            return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f;
        }));
    }
    summary.pairs[0].client.name = "naïve-数据库";
    CHECK_EQ(document(summary)["pairs"][0]["client"]["name"], "naïve-数据库");
}

TEST_CASE("a change says who made it") {
    auto summary = scenes::setting_changed();
    const auto change = document(summary)["changes"][0];

    CHECK(keys(change) == Names{"time", "what", "from", "to", "who"});
    CHECK_EQ(change["who"]["command"], "sysctl -qw net.bridge.bridge-nf-call-iptables 0");
    CHECK_EQ(change["who"]["login_user"], "alice");
    CHECK_EQ(change["who"]["parents"][0], Json({{"pid", 4710}, {"name", "speed-up.sh"}}));
    CHECK(change["who"]["pod"].is_null());
    summary.changes[0].who.reset();
    CHECK(document(summary)["changes"][0]["who"].is_null());
}

TEST_CASE("pairs in evidence say only the handlings that they had") {
    auto summary = scenes::setting_0();
    summary.findings[0].evidence = {{"pairs", std::vector{scenes::broken_by_change()}}};
    const auto pair = document(summary)["findings"][0]["evidence"]["pairs"][0];

    CHECK(keys(pair) == Names{"client", "server", "service", "protocol", "to_server", "to_client"});
    CHECK_EQ(pair["client"]["name"], "frontend");
    CHECK_EQ(pair["service"]["ip"], "10.96.0.10");
    CHECK_EQ(pair["to_server"],
             Json({{"before", {{"tracked", 12}}}, {"since", {{"tracked", 6}, {"bypassed", 3}}}}));
    CHECK_EQ(pair["to_client"], Json({{"before", {{"tracked", 12}}}, {"since", {{"bypassed", 3}}}}));
}

TEST_CASE("every key of the document is documented") {
    std::ifstream stream(std::string(TEST_DATA_DIR) + "/../../../docs/summary-json.md");
    const std::string page{std::istreambuf_iterator<char>(stream), {}};
    auto summary = scenes::setting_changed();
    summary.findings[0].evidence.emplace_back("pairs", std::vector{scenes::broken_by_change()});
    auto json = document(summary);
    json["pairs"][1]["vlan"] = 10;
    std::set<std::string> names;

    REQUIRE_FALSE(page.empty());
    collect_keys(json, names);
    CHECK_GT(names.size(), 40);
    for (const auto &name : names) {
        CAPTURE(name);
        CHECK(page.find('`' + name + '`') != std::string::npos);
    }
}
