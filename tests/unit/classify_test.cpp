// SPDX-License-Identifier: BSD-2-Clause
// The classification that the BPF programs run, as a table.
#include "model/summary.hpp"

#include <brpath/classify.h>
#include <doctest/doctest.h>
#include <vector>

namespace {

using brpath::to_string;

constexpr auto unknown = BRPATH_ANSWER_UNKNOWN;
constexpr auto no = BRPATH_ANSWER_NO;
constexpr auto yes = BRPATH_ANSWER_YES;

struct Row {
    const char *what;
    brpath_facts facts; // entered, ports_out, up, out_after_up, ip, hooked, nfct, conntrack
    brpath_path path;
    brpath_handling handling;
};

const std::vector<Row> rows = {
    {"port to port, nothing ran",
     {1, 1, 0, 0, 1, no, BRPATH_NFCT_NONE, unknown},
     BRPATH_BRIDGED,
     BRPATH_BYPASSED},
    {"port to port, nothing ran, conntrack is registered but was never asked",
     {1, 1, 0, 0, 1, no, BRPATH_NFCT_NONE, yes},
     BRPATH_BRIDGED,
     BRPATH_BYPASSED},
    {"port to port through br_netfilter and conntrack",
     {1, 1, 0, 0, 1, yes, BRPATH_NFCT_TRACKED, unknown},
     BRPATH_BRIDGED,
     BRPATH_TRACKED},
    {"tracked by nf_conntrack_bridge, br_netfilter off",
     {1, 1, 0, 0, 1, no, BRPATH_NFCT_TRACKED, unknown},
     BRPATH_BRIDGED,
     BRPATH_TRACKED},
    {"NOTRACK", {1, 1, 0, 0, 1, yes, BRPATH_NFCT_UNTRACKED, unknown}, BRPATH_BRIDGED, BRPATH_UNTRACKED},
    {"hooked, conntrack is registered and left it: invalid",
     {1, 1, 0, 0, 1, yes, BRPATH_NFCT_NONE, yes},
     BRPATH_BRIDGED,
     BRPATH_UNTRACKED},
    {"hooked, conntrack is not registered",
     {1, 1, 0, 0, 1, yes, BRPATH_NFCT_NONE, no},
     BRPATH_BRIDGED,
     BRPATH_HOOKED},
    {"hooked, nobody knows of conntrack: no guess",
     {1, 1, 0, 0, 1, yes, BRPATH_NFCT_NONE, unknown},
     BRPATH_BRIDGED,
     BRPATH_UNKNOWN},
    {"port to port, and nobody knows the setting: no guess",
     {1, 1, 0, 0, 1, unknown, BRPATH_NFCT_NONE, yes},
     BRPATH_BRIDGED,
     BRPATH_UNKNOWN},
    {"ARP port to port", {1, 1, 0, 0, 0, no, BRPATH_NFCT_NONE, unknown}, BRPATH_BRIDGED, BRPATH_BYPASSED},
    {"promiscuous bridge: out by a port, and up",
     {1, 1, 1, 0, 1, no, BRPATH_NFCT_NONE, yes},
     BRPATH_BRIDGED,
     BRPATH_BYPASSED},
    {"flooded", {1, 2, 0, 0, 1, no, BRPATH_NFCT_NONE, unknown}, BRPATH_FLOODED, BRPATH_BYPASSED},
    {"flooded and up", {1, 2, 1, 0, 1, no, BRPATH_NFCT_NONE, yes}, BRPATH_FLOODED, BRPATH_BYPASSED},
    {"ARP flooded and up", {1, 2, 1, 0, 0, no, BRPATH_NFCT_NONE, unknown}, BRPATH_FLOODED, BRPATH_BYPASSED},
    {"flooded through br_netfilter",
     {1, 2, 0, 0, 1, yes, BRPATH_NFCT_TRACKED, unknown},
     BRPATH_FLOODED,
     BRPATH_TRACKED},
    {"routed back out", {1, 0, 1, 1, 1, no, BRPATH_NFCT_TRACKED, unknown}, BRPATH_ROUTED, BRPATH_TRACKED},
    {"routed, conntrack is not registered",
     {1, 0, 1, 1, 1, no, BRPATH_NFCT_NONE, no},
     BRPATH_ROUTED,
     BRPATH_HOOKED},
    {"routed, invalid", {1, 0, 1, 1, 1, no, BRPATH_NFCT_NONE, yes}, BRPATH_ROUTED, BRPATH_UNTRACKED},
    {"up, tracked", {1, 0, 1, 0, 1, no, BRPATH_NFCT_TRACKED, yes}, BRPATH_UP, BRPATH_TRACKED},
    {"up, the hooks are still to come",
     {1, 0, 1, 0, 1, no, BRPATH_NFCT_NONE, yes},
     BRPATH_UP,
     BRPATH_UNKNOWN},
    {"up, conntrack is not registered", {1, 0, 1, 0, 1, no, BRPATH_NFCT_NONE, no}, BRPATH_UP, BRPATH_HOOKED},
    {"ARP up", {1, 0, 1, 0, 0, no, BRPATH_NFCT_NONE, unknown}, BRPATH_UP, BRPATH_NONE},
    {"dropped before anything saw it",
     {1, 0, 0, 0, 1, no, BRPATH_NFCT_NONE, unknown},
     BRPATH_DROPPED,
     BRPATH_UNKNOWN},
    {"dropped after conntrack",
     {1, 0, 0, 0, 1, no, BRPATH_NFCT_TRACKED, unknown},
     BRPATH_DROPPED,
     BRPATH_TRACKED},
    {"ARP dropped", {1, 0, 0, 0, 0, no, BRPATH_NFCT_NONE, unknown}, BRPATH_DROPPED, BRPATH_NONE},
    {"from the host", {0, 0, 0, 0, 1, no, BRPATH_NFCT_TRACKED, unknown}, BRPATH_EGRESS, BRPATH_TRACKED},
    {"from the host, conntrack is not registered",
     {0, 0, 0, 0, 1, no, BRPATH_NFCT_NONE, no},
     BRPATH_EGRESS,
     BRPATH_HOOKED},
    {"from the host, conntrack left it",
     {0, 0, 0, 0, 1, no, BRPATH_NFCT_NONE, yes},
     BRPATH_EGRESS,
     BRPATH_UNTRACKED},
    {"ARP from the host", {0, 0, 0, 0, 0, no, BRPATH_NFCT_NONE, unknown}, BRPATH_EGRESS, BRPATH_NONE},
};

TEST_CASE("path and handling follow from the facts") {
    for (const auto &row : rows) {
        CAPTURE(row.what);
        CHECK_EQ(std::string(to_string(brpath_classify_path(&row.facts))), to_string(row.path));
        CHECK_EQ(std::string(to_string(brpath_classify_handling(&row.facts))), to_string(row.handling));
    }
}

// What the words promise, over every combination of facts.
TEST_CASE("only bridged and flooded frames can be bypassed, and a hooked frame never is") {
    int combinations = 0;

    for (unsigned bits = 0; bits < 2 * 3 * 2 * 2 * 2 * 3 * 3 * 3; bits++) {
        unsigned rest = bits;
        const auto next = [&rest](unsigned values) {
            const auto value = static_cast<__u8>(rest % values);
            rest /= values;
            return value;
        };
        const brpath_facts facts = {next(2), next(3), next(2), next(2), next(2), next(3), next(3), next(3)};
        const auto path = brpath_classify_path(&facts);
        const auto handling = brpath_classify_handling(&facts);

        combinations++;
        if (handling == BRPATH_BYPASSED) {
            CHECK((path == BRPATH_BRIDGED || path == BRPATH_FLOODED));
            CHECK_EQ(facts.nfct, BRPATH_NFCT_NONE);
            CHECK_FALSE((facts.ip && facts.hooked != no));
        }
        if (facts.nfct == BRPATH_NFCT_TRACKED)
            CHECK_EQ(handling, BRPATH_TRACKED);
        if (handling == BRPATH_NONE)
            CHECK_FALSE(facts.ip);
        CHECK_EQ(path == BRPATH_EGRESS, !facts.entered);
    }
    CHECK_EQ(combinations, 1296);
}

TEST_CASE("why a frame was bypassed") {
    struct ReasonRow {
        brpath_tag tag;
        brpath_setting setting; // module, call, filter_vlan, filter_pppoe
        brpath_reason reason;
    };
    const std::vector<ReasonRow> reasons = {
        {BRPATH_TAG_NONE, {yes, no, no, no}, BRPATH_SYSCTL_OFF},
        {BRPATH_TAG_NONE, {no, unknown, unknown, unknown}, BRPATH_MODULE_ABSENT},
        {BRPATH_TAG_VLAN, {no, unknown, unknown, unknown}, BRPATH_MODULE_ABSENT},
        {BRPATH_TAG_VLAN, {yes, yes, no, no}, BRPATH_VLAN_TAGGED},
        {BRPATH_TAG_VLAN, {yes, no, no, no}, BRPATH_VLAN_TAGGED},
        {BRPATH_TAG_VLAN, {yes, no, yes, no}, BRPATH_SYSCTL_OFF},
        {BRPATH_TAG_PPPOE, {yes, yes, yes, no}, BRPATH_PPPOE_TAGGED},
        {BRPATH_TAG_PPPOE, {yes, no, no, yes}, BRPATH_SYSCTL_OFF},
        {BRPATH_TAG_NONE, {yes, yes, no, no}, BRPATH_REASON_UNKNOWN},
        {BRPATH_TAG_NONE, {unknown, unknown, unknown, unknown}, BRPATH_REASON_UNKNOWN},
    };

    for (const auto &row : reasons)
        CHECK_EQ(std::string(to_string(brpath_classify_reason(row.tag, &row.setting))),
                 to_string(row.reason));
}

TEST_CASE("what br_netfilter hands to the IP hooks") {
    struct HookedRow {
        brpath_tag tag;
        brpath_setting setting; // module, call, filter_vlan, filter_pppoe
        brpath_answer hooked;
    };
    const std::vector<HookedRow> settings = {
        {BRPATH_TAG_NONE, {yes, yes, no, no}, yes},
        {BRPATH_TAG_NONE, {yes, no, yes, yes}, no},
        {BRPATH_TAG_NONE, {no, yes, yes, yes}, no},
        {BRPATH_TAG_NONE, {no, unknown, unknown, unknown}, no},
        {BRPATH_TAG_NONE, {unknown, yes, yes, yes}, unknown},
        {BRPATH_TAG_NONE, {yes, unknown, yes, yes}, unknown},
        {BRPATH_TAG_VLAN, {yes, yes, no, yes}, no},
        {BRPATH_TAG_VLAN, {yes, yes, yes, no}, yes},
        {BRPATH_TAG_VLAN, {yes, yes, unknown, no}, unknown},
        {BRPATH_TAG_PPPOE, {yes, yes, yes, no}, no},
        {BRPATH_TAG_PPPOE, {yes, yes, no, yes}, yes},
        {BRPATH_TAG_PPPOE, {yes, no, no, yes}, no},
    };

    for (const auto &row : settings)
        CHECK_EQ(brpath_is_hooked(row.tag, &row.setting), row.hooked);
}

TEST_CASE("a flooded frame has no way out and no translation") {
    brpath_frame frame{};

    frame.facts = {1, 2, 0, 0, 1, no, BRPATH_NFCT_NONE, unknown};
    frame.key.port_out = 7;
    frame.key.translation = 99;
    brpath_close_frame(&frame);
    CHECK_EQ(frame.key.path, BRPATH_FLOODED);
    CHECK_EQ(frame.key.port_out, 0);
    CHECK_EQ(frame.key.translation, 0);
}

TEST_CASE("only a bypassed frame has a reason, and without IP it is that") {
    brpath_frame frame{};

    frame.facts = {1, 1, 0, 0, 1, no, BRPATH_NFCT_NONE, unknown};
    frame.key.reason = BRPATH_VLAN_TAGGED;
    brpath_close_frame(&frame);
    CHECK_EQ(frame.key.handling, BRPATH_BYPASSED);
    CHECK_EQ(frame.key.reason, BRPATH_VLAN_TAGGED);

    frame.facts.nfct = BRPATH_NFCT_TRACKED;
    brpath_close_frame(&frame);
    CHECK_EQ(frame.key.handling, BRPATH_TRACKED);
    CHECK_EQ(frame.key.reason, 0);

    frame.facts = {1, 1, 0, 0, 0, no, BRPATH_NFCT_NONE, unknown};
    brpath_close_frame(&frame);
    CHECK_EQ(frame.key.reason, BRPATH_NOT_IP);
}

} // namespace
