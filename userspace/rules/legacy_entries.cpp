// SPDX-License-Identifier: BSD-2-Clause
#include "rules/legacy_entries.hpp"

#include "rules/xt_decode.hpp"

#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

namespace brpath {

namespace {

using Bytes = std::span<const std::byte>;

std::string name_of(const char (&name)[XT_EXTENSION_MAXNAMELEN]) {
    return {name, strnlen(name, sizeof(name))};
}

void add_masked(std::vector<Match> &matches, Source source, std::uint32_t offset, const void *value,
                const void *mask, std::size_t size, bool is_negated) {
    const auto *value_bytes = static_cast<const std::uint8_t *>(value);
    const auto *mask_bytes = static_cast<const std::uint8_t *>(mask);
    Match match{.source = source,
                .offset = offset,
                .mask = Value(mask_bytes, mask_bytes + size),
                .is_negated = is_negated};
    bool has_mask = false;
    for (std::size_t i = 0; i < size; ++i) {
        match.first.push_back(value_bytes[i] & mask_bytes[i]);
        has_mask = has_mask || mask_bytes[i] != 0;
    }
    match.last = match.first;
    if (has_mask || is_negated)
        matches.push_back(std::move(match));
}

// What the structs of both families have in common.
template <typename Header>
void add_header(std::vector<Match> &matches, const Header &header, std::uint32_t addresses_at,
                bool has_protocol) {
    constexpr std::uint32_t size = sizeof(header.src);
    add_masked(matches, Source::network_header, addresses_at, &header.src, &header.smsk, size,
               (header.invflags & IPT_INV_SRCIP) != 0);
    add_masked(matches, Source::network_header, addresses_at + size, &header.dst, &header.dmsk, size,
               (header.invflags & IPT_INV_DSTIP) != 0);
    add_masked(matches, Source::interface_name, 0, header.iniface, header.iniface_mask, IFNAMSIZ,
               (header.invflags & IPT_INV_VIA_IN) != 0);
    add_masked(matches, Source::interface_name, 0, header.outiface, header.outiface_mask, IFNAMSIZ,
               (header.invflags & IPT_INV_VIA_OUT) != 0);
    const auto protocol = static_cast<std::uint8_t>(header.proto);
    const std::uint8_t all = 0xff;
    if (has_protocol)
        add_masked(matches, Source::protocol, 0, &protocol, &all, 1, (header.invflags & XT_INV_PROTO) != 0);
}

void add_header_of(std::vector<Match> &matches, const ipt_entry &entry) {
    add_header(matches, entry.ip, 12, entry.ip.proto != 0);
    if ((entry.ip.flags & IPT_F_FRAG) != 0)
        matches.emplace_back();
}

void add_header_of(std::vector<Match> &matches, const ip6t_entry &entry) {
    add_header(matches, entry.ipv6, 8, (entry.ipv6.flags & IP6T_F_PROTO) != 0 && entry.ipv6.proto != 0);
    if ((entry.ipv6.flags & IP6T_F_TOS) != 0)
        matches.emplace_back();
}

bool goes_to(const ipt_entry &entry) { return (entry.ip.flags & IPT_F_GOTO) != 0; }
bool goes_to(const ip6t_entry &entry) { return (entry.ipv6.flags & IP6T_F_GOTO) != 0; }

template <typename Header> std::optional<LegacyEntry> read_entry(Bytes entries, std::size_t offset) {
    Header header{};
    if (!read_struct_at(entries, offset, header) || header.next_offset > entries.size() - offset ||
        header.target_offset < sizeof(Header) || header.target_offset > header.next_offset)
        return std::nullopt;
    LegacyEntry entry{.offset = offset, .next = offset + header.next_offset, .goes_to = goes_to(header)};
    add_header_of(entry.matches, header);
    const Bytes whole = entries.subspan(offset, header.next_offset);
    const Bytes extensions = whole.first(header.target_offset);
    for (std::size_t at = sizeof(Header); at < extensions.size();) {
        xt_entry_match match{};
        if (!read_struct_at(extensions, at, match) || match.u.match_size < sizeof(match) ||
            match.u.match_size > extensions.size() - at)
            return std::nullopt;
        const Bytes info = extensions.subspan(at + sizeof(match), match.u.match_size - sizeof(match));
        const std::string name = name_of(match.u.user.name);
        for (Match &decoded : decode_xt_match(name, match.u.user.revision, info))
            entry.matches.push_back(std::move(decoded));
        if (auto comment = decode_xt_comment(name, info))
            entry.comment = std::move(*comment);
        at += match.u.match_size;
    }
    xt_entry_target target{};
    if (!read_struct_at(whole, header.target_offset, target))
        return std::nullopt;
    entry.target = name_of(target.u.user.name);
    entry.data = whole.subspan(header.target_offset + sizeof(target));
    return entry;
}

} // namespace

std::optional<std::vector<LegacyEntry>> read_legacy_entries(Bytes bytes, bool ipv6) {
    std::vector<LegacyEntry> entries;
    for (std::size_t offset = 0; offset < bytes.size(); offset = entries.back().next) {
        auto entry = ipv6 ? read_entry<ip6t_entry>(bytes, offset) : read_entry<ipt_entry>(bytes, offset);
        if (!entry)
            return std::nullopt;
        entries.push_back(std::move(*entry));
    }
    return entries;
}

std::optional<std::string> chain_behind(const LegacyEntry &entry) {
    if (entry.target != XT_ERROR_TARGET)
        return std::nullopt;
    const auto *text = reinterpret_cast<const char *>(entry.data.data());
    return std::string(text, strnlen(text, entry.data.size()));
}

} // namespace brpath
