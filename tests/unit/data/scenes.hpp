// SPDX-License-Identifier: BSD-2-Clause
// Summaries as the lab gives them: frontend asks cart through a Service, and directly.
#pragma once

#include "model/summary.hpp"

#include <string>
#include <utility>

namespace scenes {

using namespace brpath;

struct Part {
    std::int64_t frames;
    brpath_path path;
    brpath_handling handling;
};

inline Counts counts(std::initializer_list<Part> parts, brpath_reason reason = BRPATH_SYSCTL_OFF) {
    Counts sum;

    for (const auto &part : parts) {
        sum.frames += part.frames;
        sum.bytes += part.frames * 74;
        sum.by_path.at(part.path) += part.frames;
        sum.by_handling.at(part.handling) += part.frames;
        if (part.handling == BRPATH_BYPASSED)
            sum.by_reason.at(reason) += part.frames;
    }
    return sum;
}

inline Endpoint frontend() { return {"frontend", "10.224.1.34", 5, "veth-frontend"}; }
inline Endpoint cart() { return {"cart", "10.224.1.35", 6, "veth-cart"}; }
inline Endpoint dns() { return {"", "10.224.1.36", 7, "veth-dns"}; }

inline Pair pair(Endpoint client, Endpoint server, std::string protocol, Counts to_server, Counts to_client) {
    Pair made;

    made.client = std::move(client);
    made.server = std::move(server);
    made.protocol = std::move(protocol);
    made.to_server = to_server;
    made.to_client = to_client;
    return made;
}

inline Pair arp(Counts counted) {
    Pair made = pair({"", "", 5, "veth-frontend"}, {}, "arp", counted, {});

    made.is_ip = false;
    return made;
}

inline Summary node(int setting) {
    Summary summary;

    summary.node = {"worker-1", "6.1.0-56-cloud-amd64", "lab-node", "2026-03-01T09:30:00Z", 10.0};
    summary.hooks = {{"enter", "br_handle_frame", "fentry"},
                     {"conntrack", "nf_conntrack_in", "fentry"},
                     {"confirm", "__nf_conntrack_confirm", "fentry"},
                     {"up", "br_netif_receive_skb", "fentry"},
                     {"leave", "br_dev_queue_push_xmit", "fentry"}};
    summary.module_present = true;
    summary.bridges = {{"cni0", 4, {setting, 0, setting}, {setting, 0, setting}, {setting, 0, setting}}};
    summary.losses.missed_probes = 0;
    return summary;
}

inline Finding reply_not_translated() {
    Finding finding;

    finding.id = "reply-not-translated";
    finding.severity = Severity::critical;
    finding.summary =
        "frontend cannot reach shop/cart (10.96.0.10:80) over tcp: replies from cart cross the bridge "
        "without netfilter and keep the address of cart; the client resets the connection";
    finding.evidence = {{"service", "10.96.0.10:80"},
                        {"protocol", "tcp"},
                        {"untranslated_replies", 3},
                        {"client_resets", 3},
                        {"syn_retransmissions", 2},
                        {"bypassed_sysctl-off", 3},
                        {"example", "10.224.1.34 asks 10.96.0.10:80, is answered by 10.224.1.35"}};
    finding.fix = {"nsenter --net=/run/netns/lab-node sysctl -w net.bridge.bridge-nf-call-iptables=1",
                   "echo 'net.bridge.bridge-nf-call-iptables = 1' >> /etc/sysctl.d/99-bridge-netfilter.conf"};
    return finding;
}

// The incident: bridge-nf-call-iptables = 0.
inline Summary setting_0() {
    Summary summary = node(0);

    Pair broken = pair(frontend(), cart(), "tcp",
                       counts({{6, BRPATH_ROUTED, BRPATH_TRACKED}, {3, BRPATH_BRIDGED, BRPATH_BYPASSED}}),
                       counts({{3, BRPATH_BRIDGED, BRPATH_BYPASSED}}));
    broken.service = Service{"shop/cart", "10.96.0.10", 80};
    broken.untranslated_replies = 3;
    broken.untranslated_by_reason = broken.to_client.by_reason;
    broken.client_resets = 3;
    broken.syn_retransmissions = 2;
    broken.findings = {"reply-not-translated"};
    summary.pairs = {
        broken,
        pair(frontend(), cart(), "tcp", counts({{7, BRPATH_BRIDGED, BRPATH_BYPASSED}}),
             counts({{5, BRPATH_BRIDGED, BRPATH_BYPASSED}})),
        pair(frontend(), dns(), "udp", counts({{2, BRPATH_BRIDGED, BRPATH_BYPASSED}}),
             counts({{2, BRPATH_BRIDGED, BRPATH_BYPASSED}})),
        pair({"", "10.224.1.1", 0, ""}, cart(), "icmp", counts({{1, BRPATH_EGRESS, BRPATH_TRACKED}}),
             counts({{1, BRPATH_UP, BRPATH_TRACKED}})),
        arp(counts({{4, BRPATH_BRIDGED, BRPATH_BYPASSED}, {2, BRPATH_UP, BRPATH_NONE}}, BRPATH_NOT_IP))};
    summary.frames.entered = 35;
    summary.frames.by_path = {26, 6, 3, 0, 0, 1};
    summary.findings = {reply_not_translated()};
    return summary;
}

inline Who colleague() {
    Who who;

    who.pid = 4711;
    who.name = "sysctl";
    who.command = "sysctl -qw net.bridge.bridge-nf-call-iptables 0";
    who.user = "root";
    who.login_user = "alice";
    who.parents = {{4710, "speed-up.sh"}, {4700, "bash"}, {4690, "sshd"}};
    who.unit = "session-3.scope";
    return who;
}

// What a change to 0 did to the incident's pair, whose replies were translated before.
inline MovedPair broken_by_change() {
    MovedPair moved;

    moved.client = frontend();
    moved.server = cart();
    moved.service = Service{"shop/cart", "10.96.0.10", 80, 6};
    moved.protocol = "tcp";
    moved.to_server.before[BRPATH_TRACKED] = 12;
    moved.to_server.since[BRPATH_TRACKED] = 6;
    moved.to_server.since[BRPATH_BYPASSED] = 3;
    moved.to_client.before[BRPATH_TRACKED] = 12;
    moved.to_client.since[BRPATH_BYPASSED] = 3;
    return moved;
}

// The incident, which begins while brpath observes.
inline Summary setting_changed() {
    Summary summary = setting_0();
    SettingChange change{"2026-03-01T09:30:07Z", "net.bridge.bridge-nf-call-iptables", "1", "0"};

    change.frames_before[BRPATH_TRACKED] = 24;
    change.moved = {5, {broken_by_change(), broken_by_change(), broken_by_change(), broken_by_change()}};
    change.who = colleague();
    summary.changes = {change};
    summary.realtime_offset_ns = 1'772'357'400'000'000'000; // 2026-03-01T09:30:00Z
    summary.pairs[0].untranslated_seen = {8'000'000'000, 9'000'000'000};
    return summary;
}

// The same traffic with bridge-nf-call-iptables = 1.
inline Summary setting_1() {
    Summary summary = node(1);

    Pair whole = pair(frontend(), cart(), "tcp", counts({{6, BRPATH_ROUTED, BRPATH_TRACKED}}),
                      counts({{5, BRPATH_BRIDGED, BRPATH_TRACKED}}));
    whole.service = Service{"shop/cart", "10.96.0.10", 80};
    summary.pairs = {whole,
                     pair(frontend(), cart(), "tcp", counts({{7, BRPATH_BRIDGED, BRPATH_TRACKED}}),
                          counts({{5, BRPATH_BRIDGED, BRPATH_TRACKED}})),
                     arp(counts({{4, BRPATH_BRIDGED, BRPATH_BYPASSED}}, BRPATH_NOT_IP))};
    summary.frames.entered = 27;
    summary.frames.by_path = {21, 6, 0, 0, 0, 0};
    return summary;
}

} // namespace scenes
