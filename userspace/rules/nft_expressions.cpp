// SPDX-License-Identifier: BSD-2-Clause
#include "rules/nft_expressions.hpp"

#include "rules/nft_attributes.hpp"
#include "rules/xt_decode.hpp"

#include <algorithm>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>

namespace brpath {

namespace {

constexpr std::size_t value_size_max = 16;
constexpr std::size_t value_size_register = 4;

// Registers 1 to 4 have 16 bytes each, and are the same as 8 to 23 of 4 bytes. nullopt: none such.
std::optional<std::size_t> slot_of(std::optional<std::uint32_t> number) {
    if (number >= std::uint32_t{NFT_REG_1} && number <= std::uint32_t{NFT_REG_4})
        return std::size_t{*number - NFT_REG_1} * 4;
    if (number >= std::uint32_t{NFT_REG32_00} && number <= std::uint32_t{NFT_REG32_15})
        return std::size_t{*number - NFT_REG32_00};
    return std::nullopt;
}

Source source_of_meta(std::optional<std::uint32_t> key) {
    switch (key.value_or(NFT_META_LEN)) {
    case NFT_META_IIFNAME:
    case NFT_META_OIFNAME:
        return Source::interface_name;
    case NFT_META_IIF:
    case NFT_META_OIF:
        return Source::interface_index;
    case NFT_META_NFPROTO:
        return Source::family;
    case NFT_META_PROTOCOL:
        return Source::ethertype;
    case NFT_META_L4PROTO:
        return Source::protocol;
    default:
        return Source::unknown;
    }
}

bool is_zero(const Value &value) {
    return std::ranges::all_of(value, [](std::uint8_t byte) { return byte == 0; });
}

// Those that neither decide nor touch a register.
bool only_notes(const std::string &name) { return name == "counter" || name == "log" || name == "last"; }

} // namespace

void NftExpressions::load(std::optional<std::uint32_t> number, Register value, std::size_t size) {
    const auto slot = slot_of(number);
    if (!slot) {
        registers_ = {};
        return;
    }
    // A value that began before and reached in here is not whole any more.
    const std::size_t slots =
        std::max<std::size_t>(1, (size + value_size_register - 1) / value_size_register);
    const std::size_t reach = value_size_max / value_size_register - 1;
    const std::size_t end = std::min(registers_.size(), *slot + slots);
    for (std::size_t i = *slot; i < end; ++i)
        registers_[i].reset();
    for (std::size_t i = *slot - std::min(*slot, reach); i < *slot; ++i)
        if (registers_[i] && i + (registers_[i]->first.size() + 3) / value_size_register > *slot)
            registers_[i].reset();
    registers_[*slot] = std::move(value);
}

NftExpressions::Register NftExpressions::loaded(std::optional<std::uint32_t> number) const {
    const auto slot = slot_of(number);
    return slot ? registers_[*slot] : std::nullopt;
}

void NftExpressions::load_meta(const NftAttributes &attributes) {
    if (attributes.has(NFTA_META_SREG))
        return; // sets a mark or the like
    const Source source = source_of_meta(attributes.number(NFTA_META_KEY));
    const std::size_t size = source == Source::interface_name ? value_size_max : value_size_register;
    load(attributes.number(NFTA_META_DREG), Match{.source = source, .first = Value(size)}, size);
}

void NftExpressions::load_payload(const NftAttributes &attributes) {
    if (attributes.has(NFTA_PAYLOAD_SREG))
        return; // writes to the packet
    const auto base = attributes.number(NFTA_PAYLOAD_BASE), offset = attributes.number(NFTA_PAYLOAD_OFFSET),
               size = attributes.number(NFTA_PAYLOAD_LEN);
    Match match;
    if (base == std::uint32_t{NFT_PAYLOAD_NETWORK_HEADER})
        match.source = Source::network_header;
    else if (base == std::uint32_t{NFT_PAYLOAD_TRANSPORT_HEADER})
        match.source = Source::transport_header;
    if (!offset || !size || *size > value_size_max)
        match.source = Source::unknown;
    match.offset = offset.value_or(0);
    const std::size_t bytes = std::min<std::size_t>(size.value_or(0), value_size_max * 4);
    match.first.resize(bytes);
    load(attributes.number(NFTA_PAYLOAD_DREG), match, bytes);
}

void NftExpressions::load_conntrack(const NftAttributes &attributes) {
    if (attributes.has(NFTA_CT_SREG))
        return;
    const bool is_state = attributes.number(NFTA_CT_KEY) == std::uint32_t{NFT_CT_STATE};
    const std::size_t size = is_state ? value_size_register : value_size_max;
    load(attributes.number(NFTA_CT_DREG),
         Match{.source = is_state ? Source::conntrack_state : Source::unknown, .first = Value(size)}, size);
}

void NftExpressions::bitwise(const NftAttributes &attributes) {
    Register value = loaded(attributes.number(NFTA_BITWISE_SREG));
    Value mask = nft_value(attributes.bytes(NFTA_BITWISE_MASK));
    const bool is_mask_only =
        attributes.number(NFTA_BITWISE_OP).value_or(NFT_BITWISE_MASK_XOR) == NFT_BITWISE_MASK_XOR &&
        !mask.empty() && is_zero(nft_value(attributes.bytes(NFTA_BITWISE_XOR)));
    const std::size_t size = mask.empty() ? value_size_max : mask.size();
    if (value && is_mask_only && value->mask.empty())
        value->mask = std::move(mask);
    else
        value.reset();
    load(attributes.number(NFTA_BITWISE_DREG), value, size);
}

void NftExpressions::add_match(std::optional<std::uint32_t> number, Value first, Value last,
                               bool is_negated) {
    Register match = loaded(number);
    if (!match || first.empty() || first.size() != last.size()) {
        add_unknown_match();
        return;
    }
    match->first = std::move(first);
    match->last = std::move(last);
    match->is_negated = is_negated;
    rule_.rule.matches.push_back(std::move(*match));
}

void NftExpressions::compare(const NftAttributes &attributes) {
    const auto number = attributes.number(NFTA_CMP_SREG);
    const Value value = nft_value(attributes.bytes(NFTA_CMP_DATA));
    const Value lowest(value.size()), highest(value.size(), std::uint8_t{0xff});
    switch (attributes.number(NFTA_CMP_OP).value_or(~0U)) {
    case NFT_CMP_EQ:
        return add_match(number, value, value, false);
    case NFT_CMP_NEQ:
        return add_match(number, value, value, true);
    case NFT_CMP_LT:
        return add_match(number, value, highest, true);
    case NFT_CMP_LTE:
        return add_match(number, lowest, value, false);
    case NFT_CMP_GT:
        return add_match(number, lowest, value, true);
    case NFT_CMP_GTE:
        return add_match(number, value, highest, false);
    default:
        add_unknown_match();
    }
}

void NftExpressions::range(const NftAttributes &attributes) {
    const auto operation = attributes.number(NFTA_RANGE_OP);
    if (operation != std::uint32_t{NFT_RANGE_EQ} && operation != std::uint32_t{NFT_RANGE_NEQ})
        return add_unknown_match();
    add_match(attributes.number(NFTA_RANGE_SREG), nft_value(attributes.bytes(NFTA_RANGE_FROM_DATA)),
              nft_value(attributes.bytes(NFTA_RANGE_TO_DATA)), operation == std::uint32_t{NFT_RANGE_NEQ});
}

void NftExpressions::immediate(const NftAttributes &attributes) {
    const auto data = attributes.bytes(NFTA_IMMEDIATE_DATA);
    if (const auto verdict = nft_verdict(data))
        end(*verdict);
    else
        load(attributes.number(NFTA_IMMEDIATE_DREG), std::nullopt, nft_value(data).size());
}

void NftExpressions::look_up(const NftAttributes &attributes) {
    add_unknown_match(); // whether the key is in the set
    if (attributes.number(NFTA_LOOKUP_DREG) == std::uint32_t{NFT_REG_VERDICT}) {
        const Register key = loaded(attributes.number(NFTA_LOOKUP_SREG));
        const bool is_by_state = key && key->source == Source::conntrack_state && key->mask.empty();
        rule_.verdict_map = NftVerdictMap{attributes.text(NFTA_LOOKUP_SET), is_by_state};
        is_over_ = true;
    } else if (attributes.has(NFTA_LOOKUP_DREG)) {
        registers_ = {};
    }
}

void NftExpressions::end(Action action) {
    is_over_ = action.verdict != Verdict::next;
    if (is_over_)
        rule_.rule.actions.push_back(std::move(action));
}

void NftExpressions::other(const std::string &name, const NftAttributes &attributes) {
    if (name == "reject")
        return end({Verdict::drop});
    if (name == "queue" || name == "synproxy")
        return end({Verdict::unknown});
    if (name == "nat" || name == "masq") {
        rule_.rule.effect = Effect::translates;
        return end({Verdict::accept});
    }
    if (name == "notrack") {
        rule_.rule.effect = Effect::leaves_untracked;
        return;
    }
    if (name == "target") {
        const std::string target = attributes.text(NFTA_TARGET_NAME);
        rule_.rule.effect = decode_xt_effect(target, attributes.bytes(NFTA_TARGET_INFO));
        rule_.rule.is_iptables = true;
        return end({decode_xt_target(target)});
    }
    if (name == "match") {
        const std::string match_name = attributes.text(NFTA_MATCH_NAME);
        const auto revision = static_cast<int>(attributes.number(NFTA_MATCH_REV).value_or(0));
        const auto info = attributes.bytes(NFTA_MATCH_INFO);
        for (Match &match : decode_xt_match(match_name, revision, info))
            rule_.rule.matches.push_back(std::move(match));
        if (auto comment = decode_xt_comment(match_name, info))
            rule_.rule.comment = std::move(*comment);
    } else if (!only_notes(name)) {
        add_unknown_match();
        registers_ = {};
    }
}

void NftExpressions::take(std::span<const std::byte> expression) {
    if (is_over_)
        return;
    const NftAttributes whole(expression);
    const std::string name = whole.text(NFTA_EXPR_NAME);
    const NftAttributes attributes(whole.bytes(NFTA_EXPR_DATA));
    if (name == "meta")
        load_meta(attributes);
    else if (name == "payload")
        load_payload(attributes);
    else if (name == "ct")
        load_conntrack(attributes);
    else if (name == "bitwise")
        bitwise(attributes);
    else if (name == "cmp")
        compare(attributes);
    else if (name == "range")
        range(attributes);
    else if (name == "immediate")
        immediate(attributes);
    else if (name == "lookup")
        look_up(attributes);
    else
        other(name, attributes);
}

} // namespace brpath
