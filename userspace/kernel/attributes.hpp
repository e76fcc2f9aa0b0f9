// SPDX-License-Identifier: BSD-2-Clause
// Family headers and attributes of netlink messages, read within their bounds. libmnl's loops are C macros,
// and its getters trust the length.
#pragma once

#include <cstddef>
#include <cstring>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <optional>
#include <span>
#include <string>

namespace brpath {

inline std::span<const std::byte> attribute_payload(const nlattr &attribute) {
    return {static_cast<const std::byte *>(mnl_attr_get_payload(&attribute)),
            mnl_attr_get_payload_len(&attribute)};
}

// The family header, copied out; nullopt if the message is of another type or too short for one.
template <typename Header> std::optional<Header> family_header(const nlmsghdr &message, int type) {
    Header header{};
    if (message.nlmsg_type != type || message.nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(header))
        return std::nullopt;
    std::memcpy(&header, mnl_nlmsg_get_payload(&message), sizeof(header));
    return header;
}

// The payload of a message behind its family header; empty if the message ends before that.
inline std::span<const std::byte> attributes_behind(const nlmsghdr &message, std::size_t family_header_size) {
    const std::size_t skipped = MNL_NLMSG_HDRLEN + MNL_ALIGN(family_header_size);
    if (message.nlmsg_len <= skipped)
        return {};
    const auto *begin = reinterpret_cast<const std::byte *>(&message);
    return {begin + skipped, message.nlmsg_len - skipped};
}

// Stops at the first attribute that does not fit in what is left.
template <typename Visit> void for_each_attribute(std::span<const std::byte> bytes, Visit &&visit) {
    while (!bytes.empty()) {
        const auto *attribute = reinterpret_cast<const nlattr *>(bytes.data());
        if (!mnl_attr_ok(attribute, static_cast<int>(bytes.size())))
            return;
        visit(*attribute);
        const std::size_t step = MNL_ALIGN(std::size_t{attribute->nla_len});
        bytes = bytes.subspan(step < bytes.size() ? step : bytes.size());
    }
}

// nullopt if the attribute is too short. Copies: 64-bit values are not aligned in a message.
template <typename Number> std::optional<Number> attribute_number(const nlattr &attribute) {
    const auto payload = attribute_payload(attribute);
    if (payload.size() < sizeof(Number))
        return std::nullopt;
    Number number{};
    std::memcpy(&number, payload.data(), sizeof(number));
    return number;
}

// Up to the first NUL, or to the end if there is none.
inline std::string attribute_text(const nlattr &attribute) {
    const auto payload = attribute_payload(attribute);
    const auto *text = reinterpret_cast<const char *>(payload.data());
    return {text, strnlen(text, payload.size())};
}

} // namespace brpath
