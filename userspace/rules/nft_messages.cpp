// SPDX-License-Identifier: BSD-2-Clause
#include "rules/nft_messages.hpp"

#include "rules/nft_attributes.hpp"
#include "rules/nft_expressions.hpp"

#include <algorithm>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

namespace brpath {

namespace {

constexpr std::uint32_t state_invalid = 1;

// The family of a message of nf_tables; nullopt if it is another one, or is too short.
std::optional<std::uint8_t> family_of(const nlmsghdr &message, int type) {
    nfgenmsg header{};
    if (message.nlmsg_type != ((NFNL_SUBSYS_NFTABLES << 8) | type) ||
        message.nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(header))
        return std::nullopt;
    std::memcpy(&header, mnl_nlmsg_get_payload(&message), sizeof(header));
    return header.nfgen_family;
}

NftAttributes attributes_of(const nlmsghdr &message) {
    return NftAttributes(attributes_behind(message, sizeof(nfgenmsg)));
}

Verdict verdict_of(std::int32_t code) {
    switch (code) {
    case NFT_CONTINUE:
        return Verdict::next;
    case NFT_JUMP:
        return Verdict::jump;
    case NFT_GOTO:
        return Verdict::go_to;
    case NFT_RETURN:
        return Verdict::leave;
    default:
        break;
    }
    if (code >= 0 && (code & 0xff) == NF_DROP)
        return Verdict::drop;
    if (code >= 0 && (code & 0xff) == NF_ACCEPT)
        return Verdict::accept;
    return Verdict::unknown;
}

std::optional<Place> place_of(std::optional<std::uint32_t> hook, std::string_view type) {
    switch (hook.value_or(NF_INET_NUMHOOKS)) {
    case NF_INET_FORWARD:
        return type == "filter" ? std::optional(Place::forward) : std::nullopt;
    case NF_INET_PRE_ROUTING:
        return Place::before_routing;
    case NF_INET_POST_ROUTING:
        return Place::behind_routing;
    default:
        return std::nullopt;
    }
}

bool is_invalid_state(const Value &key) {
    std::uint32_t state = 0;
    if (key.size() != sizeof(state))
        return false;
    std::memcpy(&state, key.data(), sizeof(state));
    return state == state_invalid;
}

// What nft notes beside a rule for its own use: type, length and value, a byte each for the first two. The
// kernel does not read it.
std::string comment_of(std::span<const std::byte> notes) {
    constexpr std::byte comment_type{0};
    while (notes.size() >= 2) {
        const auto length = std::to_integer<std::size_t>(notes[1]);
        const auto value = notes.subspan(2).first(std::min(length, notes.size() - 2));
        if (notes[0] == comment_type) {
            const auto *text = reinterpret_cast<const char *>(value.data());
            return {text, strnlen(text, value.size())};
        }
        notes = notes.subspan(2 + value.size());
    }
    return {};
}

} // namespace

Value nft_value(std::span<const std::byte> data) {
    const NftAttributes attributes(data);
    Value value;
    for (const std::byte byte : attributes.bytes(NFTA_DATA_VALUE))
        value.push_back(std::to_integer<std::uint8_t>(byte));
    return value;
}

std::optional<Action> nft_verdict(std::span<const std::byte> data) {
    const NftAttributes attributes(data);
    if (!attributes.has(NFTA_DATA_VERDICT))
        return std::nullopt;
    const NftAttributes verdict(attributes.bytes(NFTA_DATA_VERDICT));
    const auto code = verdict.number(NFTA_VERDICT_CODE);
    if (!code)
        return Action{};
    return Action{verdict_of(static_cast<std::int32_t>(*code)), verdict.text(NFTA_VERDICT_CHAIN)};
}

std::optional<NftTable> parse_nft_table(const nlmsghdr &message) {
    const auto family = family_of(message, NFT_MSG_NEWTABLE);
    if (!family)
        return std::nullopt;
    const NftAttributes attributes = attributes_of(message);
    const bool is_dormant = (attributes.number(NFTA_TABLE_FLAGS).value_or(0) & NFT_TABLE_F_DORMANT) != 0;
    NftTable table{*family, attributes.text(NFTA_TABLE_NAME), is_dormant};
    return table.name.empty() ? std::nullopt : std::optional(std::move(table));
}

std::optional<NftChain> parse_nft_chain(const nlmsghdr &message) {
    const auto family = family_of(message, NFT_MSG_NEWCHAIN);
    if (!family)
        return std::nullopt;
    const NftAttributes attributes = attributes_of(message);
    NftChain chain{*family, attributes.text(NFTA_CHAIN_TABLE), attributes.text(NFTA_CHAIN_NAME), {}};
    if (chain.table.empty() || chain.name.empty())
        return std::nullopt;
    const NftAttributes hook(attributes.bytes(NFTA_CHAIN_HOOK));
    if (const auto place = place_of(hook.number(NFTA_HOOK_HOOKNUM), attributes.text(NFTA_CHAIN_TYPE))) {
        const auto priority = static_cast<std::int32_t>(hook.number(NFTA_HOOK_PRIORITY).value_or(0));
        chain.base = BaseChain{priority, attributes.number(NFTA_CHAIN_POLICY) == NF_DROP, *place};
    }
    return chain;
}

std::optional<NftRule> parse_nft_rule(const nlmsghdr &message) {
    const auto family = family_of(message, NFT_MSG_NEWRULE);
    if (!family)
        return std::nullopt;
    const NftAttributes attributes = attributes_of(message);
    NftRule rule{*family, attributes.text(NFTA_RULE_TABLE), attributes.text(NFTA_RULE_CHAIN), {}, {}};
    if (rule.table.empty() || rule.chain.empty())
        return std::nullopt;
    rule.rule.comment = comment_of(attributes.bytes(NFTA_RULE_USERDATA));
    NftExpressions expressions(rule);
    for_each_attribute(attributes.bytes(NFTA_RULE_EXPRESSIONS),
                       [&](const nlattr &attribute) { expressions.take(attribute_payload(attribute)); });
    return rule;
}

std::vector<NftElement> parse_nft_elements(const nlmsghdr &message) {
    std::vector<NftElement> elements;
    if (!family_of(message, NFT_MSG_NEWSETELEM))
        return elements;
    for_each_attribute(attributes_of(message).bytes(NFTA_SET_ELEM_LIST_ELEMENTS), [&](const nlattr &element) {
        const NftAttributes attributes(attribute_payload(element));
        if (auto verdict = nft_verdict(attributes.bytes(NFTA_SET_ELEM_DATA)))
            elements.push_back({nft_value(attributes.bytes(NFTA_SET_ELEM_KEY)), std::move(*verdict)});
    });
    return elements;
}

std::vector<Action> parse_nft_verdicts(const nlmsghdr &message, const NftVerdictMap &map) {
    std::vector<Action> actions;
    for (NftElement &element : parse_nft_elements(message))
        if (!map.is_by_state || !is_invalid_state(element.key))
            actions.push_back(std::move(element.verdict));
    return actions;
}

std::optional<std::uint32_t> parse_nft_generation(const nlmsghdr &message) {
    if (!family_of(message, NFT_MSG_NEWGEN))
        return std::nullopt;
    return attributes_of(message).number(NFTA_GEN_ID);
}

} // namespace brpath
