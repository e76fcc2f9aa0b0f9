// SPDX-License-Identifier: BSD-2-Clause
#include "rules/legacy_table.hpp"

#include "rules/xt_decode.hpp"

#include <cstring>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <string_view>

namespace brpath {

namespace {

using Bytes = std::span<const std::byte>;

// False if it does not fit. Not std::optional: some of the structs end with an array of no size.
template <typename Struct> bool read_at(Bytes bytes, std::size_t offset, Struct &value) {
    if (offset > bytes.size() || bytes.size() - offset < sizeof(value))
        return false;
    std::memcpy(static_cast<void *>(&value), bytes.data() + offset, sizeof(value));
    return true;
}

// An entry with its parts found, and checked against its bounds.
struct Entry {
    std::size_t offset = 0;
    std::size_t next = 0;
    std::vector<Match> matches{};
    std::string target{};
    Bytes data{}; // of the target
    bool goes_to = false;
};

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

template <typename Header> std::optional<Entry> read_entry(Bytes entries, std::size_t offset) {
    Header header{};
    if (!read_at(entries, offset, header) || header.next_offset > entries.size() - offset ||
        header.target_offset < sizeof(Header) || header.target_offset > header.next_offset)
        return std::nullopt;
    Entry entry{.offset = offset, .next = offset + header.next_offset, .goes_to = goes_to(header)};
    add_header_of(entry.matches, header);
    const Bytes whole = entries.subspan(offset, header.next_offset);
    const Bytes extensions = whole.first(header.target_offset);
    for (std::size_t at = sizeof(Header); at < extensions.size();) {
        xt_entry_match match{};
        if (!read_at(extensions, at, match) || match.u.match_size < sizeof(match) ||
            match.u.match_size > extensions.size() - at)
            return std::nullopt;
        const Bytes info = extensions.subspan(at + sizeof(match), match.u.match_size - sizeof(match));
        for (Match &decoded : decode_xt_match(name_of(match.u.user.name), match.u.user.revision, info))
            entry.matches.push_back(std::move(decoded));
        at += match.u.match_size;
    }
    xt_entry_target target{};
    if (!read_at(whole, header.target_offset, target))
        return std::nullopt;
    entry.target = name_of(target.u.user.name);
    entry.data = whole.subspan(header.target_offset + sizeof(target));
    return entry;
}

std::optional<std::vector<Entry>> read_entries(Bytes bytes, bool ipv6) {
    std::vector<Entry> entries;
    for (std::size_t offset = 0; offset < bytes.size(); offset = entries.back().next) {
        auto entry = ipv6 ? read_entry<ip6t_entry>(bytes, offset) : read_entry<ipt_entry>(bytes, offset);
        if (!entry)
            return std::nullopt;
        entries.push_back(std::move(*entry));
    }
    return entries;
}

std::string error_name(const Entry &entry) {
    const auto *text = reinterpret_cast<const char *>(entry.data.data());
    return {text, strnlen(text, entry.data.size())};
}

using ChainNames = std::map<std::size_t, std::string>; // by the offset of the first rule

Action standard_action(const Entry &entry, const ChainNames &names) {
    std::int32_t verdict = 0;
    if (!read_at(entry.data, 0, verdict))
        return {};
    if (verdict == -NF_ACCEPT - 1)
        return {Verdict::accept};
    if (verdict == -NF_DROP - 1)
        return {Verdict::drop};
    if (verdict == XT_RETURN)
        return {Verdict::leave};
    if (verdict < 0)
        return {};
    const auto to = static_cast<std::size_t>(verdict);
    if (to == entry.next)
        return {Verdict::next}; // a rule without a target
    const auto chain = names.find(to);
    return chain == names.end() ? Action{}
                                : Action{entry.goes_to ? Verdict::go_to : Verdict::jump, chain->second};
}

Rule make_rule(const Entry &entry, const ChainNames &names) {
    const Action action =
        entry.target.empty() ? standard_action(entry, names) : Action{decode_xt_target(entry.target)};
    Rule rule{entry.matches, {}};
    if (action.verdict != Verdict::next)
        rule.actions.push_back(action);
    return rule;
}

} // namespace

// First the built-in chains, each up to its policy. Then the user's, each behind an entry with its name.
std::optional<Table> parse_legacy_table(Bytes bytes, bool ipv6, const LegacyHook &hook) {
    const auto entries = read_entries(bytes, ipv6);
    if (!entries)
        return std::nullopt;
    ChainNames names;
    for (const Entry &entry : *entries)
        if (entry.target == XT_ERROR_TARGET)
            names[entry.next] = error_name(entry);
    Table table{.family = ipv6 ? TableFamily::ip6 : TableFamily::ip, .is_legacy = true, .name = "filter"};
    std::string chain; // empty: of another hook
    bool has_policy = false;
    for (const Entry &entry : *entries) {
        if (entry.offset == hook.begin)
            chain = "FORWARD";
        if (entry.target == XT_ERROR_TARGET) {
            chain = error_name(entry);
        } else if (entry.offset == hook.policy && chain == "FORWARD") {
            const bool drops = standard_action(entry, names).verdict == Verdict::drop;
            table.chains[chain].base = BaseChain{NF_IP_PRI_FILTER, drops};
            chain.clear();
            has_policy = true;
        } else if (!chain.empty()) {
            table.chains[chain].rules.push_back(make_rule(entry, names));
        }
    }
    return has_policy ? std::optional(std::move(table)) : std::nullopt;
}

} // namespace brpath
