// SPDX-License-Identifier: BSD-2-Clause
#include "rules/frame.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/netfilter.h>

#include <span>

namespace brpath {

namespace {

using Known = std::vector<std::optional<std::uint8_t>>;

constexpr std::size_t name_size = 16; // IFNAMSIZ

constexpr std::uint32_t established = 2, related = 4, is_new = 8; // as in nf_tables' NF_CT_STATE_*

// What the connection of the frame may be. Not invalid, not untracked.
std::vector<std::uint32_t> possible_states(Phase phase) {
    switch (phase) {
    case Phase::begins:
        return {is_new};
    case Phase::answers:
        return {established};
    case Phase::any:
        break;
    }
    return {established, related, is_new};
}

template <typename Number> Value own_order(Number number) {
    Value bytes(sizeof(number));
    std::memcpy(bytes.data(), &number, sizeof(number));
    return bytes;
}

void put(Known &known, std::size_t offset, std::span<const std::uint8_t> bytes) {
    if (known.size() < offset + bytes.size())
        known.resize(offset + bytes.size());
    std::ranges::copy(bytes, known.begin() + static_cast<std::ptrdiff_t>(offset));
}

void put_number(Known &known, std::size_t offset, std::uint16_t number) {
    const std::uint8_t bytes[] = {static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
    put(known, offset, bytes);
}

bool has_ports(std::uint8_t protocol) {
    return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP ||
           protocol == IPPROTO_DCCP || protocol == IPPROTO_UDPLITE;
}

Truth compare(const Match &match, Value value) {
    for (std::size_t i = 0; i < match.mask.size() && i < value.size(); ++i)
        value[i] &= match.mask[i];
    const bool is_inside = match.first <= value && value <= match.last;
    return is_inside != match.is_negated ? Truth::yes : Truth::no;
}

Truth compare_state(const Match &match, const std::vector<std::uint32_t> &states) {
    if (match.first.size() != sizeof(std::uint32_t))
        return Truth::maybe;
    std::size_t holding = 0;
    for (const std::uint32_t state : states)
        holding += compare(match, own_order(state)) == Truth::yes ? 1 : 0;
    if (holding == 0)
        return Truth::no;
    return holding == states.size() ? Truth::yes : Truth::maybe;
}

} // namespace

Frame::Frame(const Question &question) : states_(possible_states(question.phase)) {
    if (!question.bridge.empty()) {
        name_.assign(name_size, std::uint8_t{0});
        std::copy_n(question.bridge.begin(), std::min(question.bridge.size(), name_size - 1), name_.begin());
    }
    if (question.bridge_index != 0)
        put(index_, 0, own_order(question.bridge_index));
    family_ = {question.ipv6 ? NFPROTO_IPV6 : NFPROTO_IPV4};
    put_number(ethertype_, 0, question.ipv6 ? ETH_P_IPV6 : ETH_P_IP);
    const std::size_t address_size = question.ipv6 ? 16 : 4;
    const std::size_t addresses_at = question.ipv6 ? 8 : 12;
    network_.resize(addresses_at + 2 * address_size);
    if (question.has_addresses) {
        put(network_, addresses_at, std::span(question.source).first(address_size));
        put(network_, addresses_at + address_size, std::span(question.destination).first(address_size));
    }
    if (question.protocol != 0)
        protocol_ = {question.protocol};
    if (question.protocol != 0 && !question.ipv6) // in IPv6 other headers may come first
        network_[9] = question.protocol;
    if (has_ports(question.protocol) && question.source_port != 0)
        put_number(transport_, 0, question.source_port);
    if (has_ports(question.protocol) && question.destination_port != 0)
        put_number(transport_, 2, question.destination_port);
}

const Frame::Known &Frame::bytes_of(Source source) const {
    switch (source) {
    case Source::interface_name:
        return name_;
    case Source::interface_index:
        return index_;
    case Source::family:
        return family_;
    case Source::ethertype:
        return ethertype_;
    case Source::protocol:
        return protocol_;
    case Source::network_header:
        return network_;
    case Source::transport_header:
        return transport_;
    case Source::unknown:
    case Source::conntrack_state:
        break;
    }
    return nothing_;
}

// nullopt if a byte of it is not known.
std::optional<Value> Frame::find(const Match &match) const {
    const Known &known = bytes_of(match.source);
    const std::size_t size = match.first.size();
    if (size == 0 || match.offset > known.size() || size > known.size() - match.offset)
        return std::nullopt;
    Value value(size);
    for (std::size_t i = 0; i < size; ++i) {
        if (!known[match.offset + i])
            return std::nullopt;
        value[i] = *known[match.offset + i];
    }
    return value;
}

Truth Frame::holds(const Match &match) const {
    if (match.source == Source::conntrack_state)
        return compare_state(match, states_);
    const auto value = find(match);
    return value ? compare(match, *value) : Truth::maybe;
}

Truth Frame::holds(const Rule &rule) const {
    Truth all = Truth::yes;
    for (const Match &match : rule.matches) {
        all = std::min(all, holds(match));
        if (all == Truth::no)
            break;
    }
    return all;
}

} // namespace brpath
