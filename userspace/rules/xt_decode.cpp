// SPDX-License-Identifier: BSD-2-Clause
#include "rules/xt_decode.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_tcpudp.h>

namespace brpath {

namespace {

using Bytes = std::span<const std::byte>;

// Invalid, established, related, new have the same bits in nf_tables. Others (SNAT, DNAT, untracked) do not.
constexpr std::uint32_t states_understood = 0xf;

template <typename Info> std::optional<Info> read_info(Bytes bytes) {
    Info info{};
    if (bytes.size() < sizeof(info))
        return std::nullopt;
    std::memcpy(&info, bytes.data(), sizeof(info));
    return info;
}

std::vector<Match> unknown_match() { return {Match{}}; }

std::vector<Match> state_match(std::uint32_t states, bool is_inverted) {
    if ((states & ~states_understood) != 0)
        return unknown_match();
    Value mask(sizeof(states));
    std::memcpy(mask.data(), &states, sizeof(states));
    const Value none(sizeof(states));
    return {Match{.source = Source::conntrack_state,
                  .mask = mask,
                  .first = none,
                  .last = none,
                  .is_negated = !is_inverted}}; // not "none of these"
}

template <typename Info> std::vector<Match> conntrack_match(Bytes bytes) {
    const auto info = read_info<Info>(bytes);
    if (!info || (info->match_flags & ~XT_CONNTRACK_STATE_ALIAS) != XT_CONNTRACK_STATE)
        return unknown_match();
    return state_match(info->state_mask, (info->invert_flags & XT_CONNTRACK_STATE) != 0);
}

void add_ports(std::vector<Match> &matches, std::uint32_t offset, const std::uint16_t (&ports)[2],
               bool is_inverted) {
    if (ports[0] == 0 && ports[1] == 0xffff && !is_inverted)
        return;
    const auto value = [](std::uint16_t port) {
        return Value{static_cast<std::uint8_t>(port >> 8), static_cast<std::uint8_t>(port)};
    };
    matches.push_back({.source = Source::transport_header,
                       .offset = offset,
                       .first = value(ports[0]),
                       .last = value(ports[1]),
                       .is_negated = is_inverted});
}

std::vector<Match> tcp_match(Bytes bytes) {
    const auto info = read_info<xt_tcp>(bytes);
    if (!info)
        return unknown_match();
    std::vector<Match> matches;
    add_ports(matches, 0, info->spts, (info->invflags & XT_TCP_INV_SRCPT) != 0);
    add_ports(matches, 2, info->dpts, (info->invflags & XT_TCP_INV_DSTPT) != 0);
    if (info->option != 0 || info->flg_mask != 0)
        matches.emplace_back();
    return matches;
}

std::vector<Match> udp_match(Bytes bytes) {
    const auto info = read_info<xt_udp>(bytes);
    if (!info)
        return unknown_match();
    std::vector<Match> matches;
    add_ports(matches, 0, info->spts, (info->invflags & XT_UDP_INV_SRCPT) != 0);
    add_ports(matches, 2, info->dpts, (info->invflags & XT_UDP_INV_DSTPT) != 0);
    return matches;
}

} // namespace

std::vector<Match> decode_xt_match(std::string_view name, int revision, Bytes info) {
    if (name == "comment")
        return {};
    if (name == "conntrack" && revision == 1)
        return conntrack_match<xt_conntrack_mtinfo1>(info);
    if (name == "conntrack" && revision == 2)
        return conntrack_match<xt_conntrack_mtinfo2>(info);
    if (name == "conntrack" && revision == 3)
        return conntrack_match<xt_conntrack_mtinfo3>(info);
    if (name == "state" && revision == 0)
        if (const auto states = read_info<std::uint32_t>(info))
            return state_match(*states, false);
    if (name == "tcp" && revision == 0)
        return tcp_match(info);
    if (name == "udp" && revision == 0)
        return udp_match(info);
    return unknown_match();
}

Verdict decode_xt_target(std::string_view name) {
    static constexpr std::string_view go_on[] = {
        "AUDIT",  "CHECKSUM",  "CLASSIFY", "CONNMARK", "CONNSECMARK", "CT",      "DSCP",    "HL",
        "HMARK",  "IDLETIMER", "LED",      "LOG",      "MARK",        "NFLOG",   "NOTRACK", "SET",
        "TCPMSS", "TEE",       "TOS",      "TRACE",    "TTL",         "RATEEST", "SECMARK", "TCPOPTSTRIP"};
    if (name == "REJECT" || name == "DROP")
        return Verdict::drop;
    return std::ranges::find(go_on, name) != std::end(go_on) ? Verdict::next : Verdict::unknown;
}

} // namespace brpath
