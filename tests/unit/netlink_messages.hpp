// SPDX-License-Identifier: BSD-2-Clause
// Netlink messages made by hand. Each is parsed from a buffer of just its size, so that a sanitizer sees any
// step beyond.
#pragma once

#include <arpa/inet.h>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <doctest/doctest.h>
#include <linux/netlink.h>
#include <string>
#include <sys/socket.h>
#include <vector>

namespace brpath::test {

using Bytes = std::vector<std::byte>;

constexpr std::uint32_t sequence = 7;

template <typename Value> Bytes as_bytes(const Value &value) {
    Bytes bytes(sizeof(value));
    std::memcpy(bytes.data(), &value, sizeof(value));
    return bytes;
}

inline Bytes operator+(Bytes left, const Bytes &right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

inline Bytes padded(Bytes bytes) {
    bytes.resize((bytes.size() + 3) & ~std::size_t{3});
    return bytes;
}

inline Bytes attribute(std::uint16_t type, const Bytes &payload) {
    const nlattr header{static_cast<std::uint16_t>(sizeof(nlattr) + payload.size()), type};
    return padded(as_bytes(header) + payload);
}

inline Bytes text_attribute(std::uint16_t type, const std::string &text) {
    Bytes payload(text.size() + 1); // with its NUL
    std::memcpy(payload.data(), text.data(), text.size());
    return attribute(type, payload);
}

template <typename Number> Bytes number_attribute(std::uint16_t type, Number number) {
    return attribute(type, as_bytes(number));
}

inline Bytes address_attribute(std::uint16_t type, int family, const char *text) {
    Bytes payload(family == AF_INET ? 4 : 16);
    REQUIRE(::inet_pton(family, text, payload.data()) == 1);
    return attribute(type, payload);
}

inline Bytes message(int type, const Bytes &payload, int flags = NLM_F_MULTI,
                     std::uint32_t number = sequence) {
    nlmsghdr header{};
    header.nlmsg_len = static_cast<std::uint32_t>(sizeof(header) + payload.size());
    header.nlmsg_type = static_cast<std::uint16_t>(type);
    header.nlmsg_flags = static_cast<std::uint16_t>(flags);
    header.nlmsg_seq = number;
    return padded(as_bytes(header) + payload);
}

// Parses from an allocation of just the message's size, whose header tells that size.
template <typename Parse> auto parsed(const Parse &parse, Bytes bytes) {
    bytes.shrink_to_fit();
    const auto length = static_cast<std::uint32_t>(bytes.size());
    std::memcpy(bytes.data(), &length, sizeof(length));
    return parse(*reinterpret_cast<const nlmsghdr *>(bytes.data()));
}

// The message cut at each byte, then with each 16 bits forged.
template <typename Visit> void for_each_damaged(const Bytes &whole, const Visit &visit) {
    for (std::size_t size = sizeof(nlmsghdr); size < whole.size(); ++size)
        visit(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    for (std::size_t at = sizeof(nlmsghdr); at + 2 <= whole.size(); at += 2)
        for (const int value : {0, 1, 3, 4, 5, 0x7fff, 0xffff}) {
            Bytes forged = whole;
            const auto length = static_cast<std::uint16_t>(value);
            std::memcpy(forged.data() + at, &length, sizeof(length));
            visit(forged);
        }
}

} // namespace brpath::test
