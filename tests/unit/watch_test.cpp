// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/settings.hpp"
#include "output/change_text.hpp"
#include "temporary_folder.hpp"
#include "watch/cgroup_words.hpp"

#include <doctest/doctest.h>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

using namespace brpath;
using test::TemporaryFolder;

namespace {

const std::string id(64, 'a');
const std::string uid = "12345678-9abc-def0-1234-56789abcdef0";

Change written(ChangeOutcome outcome) {
    Change change;

    change.realtime_ns = 1'000'000'000;
    change.outcome = outcome;
    change.key = "net.bridge.bridge-nf-call-iptables";
    change.netns = 7;
    change.netns_name = "node";
    change.from = 1;
    change.to = 0;
    return change;
}

Who somebody() {
    Who who;

    who.pid = 42;
    who.name = "sysctl";
    who.command = "sysctl -w";
    who.user = "root";
    who.login_user = "alice";
    who.parents = {{41, "bash"}, {40, "sshd"}};
    who.cgroup = "/x";
    who.unit = "ssh.service";
    who.container = "aaaaaaaaaaaa";
    who.pod = "shop/cart";
    return who;
}

} // namespace

TEST_CASE("a control group's path tells unit, container and pod") {
    struct Row {
        std::string path, unit, container, pod;
    };
    const std::string pods = "/kubepods.slice/kubepods-burstable.slice/";
    const std::string underscores = "12345678_9abc_def0_1234_56789abcdef0";

    for (const auto &row : {
             Row{"/", "", "", ""},
             Row{"", "", "", ""},
             Row{"/system.slice/ssh.service", "ssh.service", "", ""},
             Row{"/user.slice/user-0.slice/session-3.scope", "session-3.scope", "", ""},
             Row{"/system.slice/docker-" + id + ".scope", "docker-" + id + ".scope", id.substr(0, 12), ""},
             Row{"/docker/" + id, "", id.substr(0, 12), ""},
             Row{"/machine.slice/libpod-" + id + ".scope/container", "libpod-" + id + ".scope",
                 id.substr(0, 12), ""},
             Row{pods + "kubepods-burstable-pod" + underscores + ".slice/cri-containerd-" + id + ".scope",
                 "cri-containerd-" + id + ".scope", id.substr(0, 12), uid},
             Row{"/kubepods/besteffort/pod" + uid + "/" + id, "", id.substr(0, 12), uid},
             Row{"/podcast.slice/tripod-" + uid + ".service", "tripod-" + uid + ".service", "", ""},
             Row{"/x/" + id + "b", "", "", ""},
         }) {
        CAPTURE(row.path);
        const auto words = cgroup_words(row.path);
        CHECK_EQ(words.unit, row.unit);
        CHECK_EQ(words.container, row.container);
        CHECK_EQ(words.pod_uid, row.pod);
    }
    CHECK_EQ(cgroup_words("/a\x1b.service").unit, "a?.service");
}

TEST_CASE("a pod's name is in the folder of its logs") {
    const TemporaryFolder folder;

    std::filesystem::create_directories(folder.path() + "/shop_cart-0_" + uid);
    CHECK_EQ(pod_name(uid, folder.path()), "shop/cart-0");
    CHECK_EQ(pod_name("another", folder.path()), "another");
    CHECK_EQ(pod_name(uid, folder.path() + "/nothing-here"), uid);
}

TEST_CASE("a change as a line") {
    auto change = written(ChangeOutcome::changed);

    change.who = somebody();
    CHECK_EQ(render_change_line(change),
             "1970-01-01T00:00:01Z net.bridge.bridge-nf-call-iptables 1 -> 0 in node by sysctl -w (pid 42, "
             "user root, "
             "login alice, started by bash 41 < sshd 40, unit ssh.service, pod shop/cart, container "
             "aaaaaaaaaaaa)\n");
    change.outcome = ChangeOutcome::refused;
    change.who = Who{};
    change.who->pid = 1;
    change.who->name = "init";
    change.who->user = "root";
    change.netns_name.clear();
    CHECK_EQ(render_change_line(change),
             "1970-01-01T00:00:01Z net.bridge.bridge-nf-call-iptables REFUSED: stays 1, 0 "
             "was to be written by init (pid 1, user root)\n");
    change = written(ChangeOutcome::changed);
    change.kind = ChangeKind::bridge_attribute;
    change.key = "nf_call_iptables";
    change.bridge = "cni0";
    change.note = "no kprobes";
    CHECK_EQ(render_change_line(change),
             "1970-01-01T00:00:01Z cni0 nf_call_iptables 1 -> 0 in node by somebody unknown: no kprobes\n");
    change.from.reset();
    CHECK(render_change_line(change).find("? -> 0") != std::string::npos);
}

TEST_CASE("names do no harm to a line") {
    auto change = written(ChangeOutcome::changed);

    change.who = somebody();
    change.who->command = "a\x1b]0;owned\x07\n\u202eb";
    change.bridge = change.netns_name = "\u2066\r";
    const auto line = render_change_line(change);
    CHECK_EQ(line.find('\n'), line.size() - 1);
    for (const char *bad : {"\x1b", "\x07", "\r", "\u202e", "\u2066"})
        CHECK_EQ(line.find(bad), std::string::npos);
}

TEST_CASE("what is lost is told, with its number if that is known") {
    Change change;

    change.kind = ChangeKind::lost;
    change.note = "came faster than they could be noted, and are lost";
    change.lost = 1234;
    CHECK_EQ(render_change_line(change),
             "1970-01-01T00:00:00Z 1,234 changes came faster than they could be noted, and are lost\n");
    const auto json = nlohmann::json::parse(render_change_json(change));
    CHECK_EQ(json["kind"], "lost");
    CHECK_EQ(json["lost"], 1234);
    change.lost.reset();
    change.note = "some may be lost";
    CHECK_EQ(render_change_line(change), "1970-01-01T00:00:00Z some may be lost\n");
    CHECK(nlohmann::json::parse(render_change_json(change))["lost"].is_null());
}

TEST_CASE("every outcome and kind has words of its own") {
    std::string all;

    for (const auto outcome : {ChangeOutcome::changed, ChangeOutcome::same, ChangeOutcome::refused,
                               ChangeOutcome::invalid, ChangeOutcome::ignored}) {
        const auto line = render_change_line(written(outcome));
        CHECK(all.find(line) == std::string::npos);
        all += line;
    }
    for (const auto kind :
         {ChangeKind::bridge_created, ChangeKind::module_loaded, ChangeKind::module_unloaded}) {
        auto change = written(ChangeOutcome::changed);
        change.kind = kind;
        CHECK(all.find(render_change_line(change)) == std::string::npos);
    }
}

TEST_CASE("a change as JSON") {
    auto change = written(ChangeOutcome::refused);

    change.who = somebody();
    const auto json = nlohmann::json::parse(render_change_json(change));
    CHECK_EQ(json["schema"], "brpath.change/1");
    CHECK_EQ(json["kind"], "sysctl");
    CHECK_EQ(json["outcome"], "refused");
    CHECK_EQ(json["from"], 1);
    CHECK_EQ(json["to"], 0);
    CHECK_EQ(json["netns"]["name"], "node");
    CHECK(json["bridge"].is_null());
    CHECK_EQ(json["who"]["parents"][1]["name"], "sshd");
    CHECK_EQ(json["who"]["login_user"], "alice");
    change.who.reset();
    CHECK(nlohmann::json::parse(render_change_json(change))["who"].is_null());
}

TEST_CASE("the value of a sysctl by its name") {
    NamespaceSettings settings;

    settings.call_iptables = 1;
    settings.call_ip6tables = 2;
    settings.call_arptables = 3;
    settings.filter_vlan_tagged = 4;
    settings.filter_pppoe_tagged = 5;
    CHECK_EQ(value_of(settings, "net.bridge.bridge-nf-call-iptables"), 1);
    CHECK_EQ(value_of(settings, "net.bridge.bridge-nf-call-ip6tables"), 2);
    CHECK_EQ(value_of(settings, "net.bridge.bridge-nf-call-arptables"), 3);
    CHECK_EQ(value_of(settings, "net.bridge.bridge-nf-filter-vlan-tagged"), 4);
    CHECK_EQ(value_of(settings, "net.bridge.bridge-nf-filter-pppoe-tagged"), 5);
    CHECK_FALSE(value_of(settings, "net.bridge.other"));
}
