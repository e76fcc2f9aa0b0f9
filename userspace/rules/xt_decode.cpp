// SPDX-License-Identifier: BSD-2-Clause
#include "rules/xt_decode.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <linux/netfilter/xt_CT.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_tcpudp.h>

namespace brpath {

namespace {

using Bytes = std::span<const std::byte>;

// Invalid, established, related, new have the same bits in nf_tables. Others (SNAT, DNAT, untracked) do not.
constexpr std::uint32_t states_understood = 0xf;

// As in linux/netfilter/xt_sctp.h, which is for C alone. Ports are in the machine's own order.
struct SctpInfo {
    std::uint16_t dpts[2], spts[2];
    std::uint32_t chunk_map[64], chunk_match_type;
    std::uint8_t flag_info[4][3];
    std::int32_t flag_count;
    std::uint32_t flags, invflags;
};
static_assert(sizeof(SctpInfo) == 292);

constexpr std::uint32_t sctp_source_ports = 1;
constexpr std::uint32_t sctp_destination_ports = 2;

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

std::vector<Match> sctp_match(Bytes bytes) {
    const auto info = read_info<SctpInfo>(bytes);
    if (!info)
        return unknown_match();
    std::vector<Match> matches;
    if ((info->flags & sctp_source_ports) != 0)
        add_ports(matches, 0, info->spts, (info->invflags & sctp_source_ports) != 0);
    if ((info->flags & sctp_destination_ports) != 0)
        add_ports(matches, 2, info->dpts, (info->invflags & sctp_destination_ports) != 0);
    if ((info->flags & ~(sctp_source_ports | sctp_destination_ports)) != 0)
        matches.emplace_back();
    return matches;
}

bool translates(std::string_view target) {
    return target == "DNAT" || target == "SNAT" || target == "MASQUERADE" || target == "NETMAP";
}

} // namespace

std::optional<std::string> decode_xt_comment(std::string_view name, Bytes info) {
    if (name != "comment")
        return std::nullopt;
    const std::string_view text(reinterpret_cast<const char *>(info.data()),
                                std::min<std::size_t>(info.size(), XT_MAX_COMMENT_LEN));
    return std::string(text.substr(0, text.find('\0'))); // padded with NULs, but for the longest one
}

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
    if (name == "sctp" && revision == 0)
        return sctp_match(info);
    return unknown_match();
}

Verdict decode_xt_target(std::string_view name) {
    static constexpr std::string_view go_on[] = {
        "AUDIT",  "CHECKSUM",  "CLASSIFY", "CONNMARK", "CONNSECMARK", "CT",      "DSCP",    "HL",
        "HMARK",  "IDLETIMER", "LED",      "LOG",      "MARK",        "NFLOG",   "NOTRACK", "SET",
        "TCPMSS", "TEE",       "TOS",      "TRACE",    "TTL",         "RATEEST", "SECMARK", "TCPOPTSTRIP"};
    if (name == "REJECT" || name == "DROP")
        return Verdict::drop;
    if (translates(name) || name == "REDIRECT")
        return Verdict::accept;
    return std::ranges::find(go_on, name) != std::end(go_on) ? Verdict::next : Verdict::unknown;
}

Effect decode_xt_effect(std::string_view name, Bytes info) {
    if (translates(name))
        return Effect::translates;
    // Each revision of CT begins with its flags.
    const auto flags = read_info<std::uint16_t>(info);
    const bool is_untracked = name == "NOTRACK" || (name == "CT" && flags && (*flags & XT_CT_NOTRACK) != 0);
    return is_untracked ? Effect::leaves_untracked : Effect::none;
}

} // namespace brpath
