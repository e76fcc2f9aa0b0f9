// SPDX-License-Identifier: BSD-2-Clause
#include "tools/frame.hpp"

#include <arpa/inet.h>
#include <array>
#include <cstddef>
#include <cstdio>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdexcept>

namespace {

void append16(Bytes &bytes, unsigned value) {
    bytes.push_back(static_cast<std::uint8_t>(value >> 8));
    bytes.push_back(static_cast<std::uint8_t>(value));
}

void put16(Bytes &bytes, std::size_t at, unsigned value) {
    bytes[at] = static_cast<std::uint8_t>(value >> 8);
    bytes[at + 1] = static_cast<std::uint8_t>(value);
}

// The Internet checksum's sum, not yet inverted, of all from `start` on.
unsigned folded_sum(const Bytes &bytes, std::size_t start) {
    std::uint32_t sum = 0;

    for (std::size_t i = start; i < bytes.size(); i++)
        sum += static_cast<std::uint32_t>(bytes[i]) << ((i - start) % 2 ? 0 : 8);
    sum = (sum & 0xffff) + (sum >> 16);
    return (sum + (sum >> 16)) & 0xffff;
}

void append_mac(Bytes &bytes, const std::string &text) {
    std::array<unsigned, 6> mac{};

    if (std::sscanf(text.c_str(), "%x:%x:%x:%x:%x:%x", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
                    &mac[5]) != 6)
        throw std::runtime_error(text + " is not a MAC address");
    for (const unsigned byte : mac)
        bytes.push_back(static_cast<std::uint8_t>(byte));
}

void append_address(Bytes &bytes, const std::string &text, int family) {
    std::array<std::uint8_t, 16> address{};

    if (inet_pton(family, text.c_str(), address.data()) != 1)
        throw std::runtime_error(text + " is not an address");
    bytes.insert(bytes.end(), address.begin(), address.begin() + (family == AF_INET ? 4 : 16));
}

void append_ipv4(Bytes &bytes, const FrameOptions &options, std::size_t payload) {
    const std::size_t start = bytes.size();

    append16(bytes, 0x4500);
    append16(bytes, static_cast<unsigned>(20 + payload));
    append16(bytes, 0);
    append16(bytes, 0x4000);
    append16(bytes, 64U << 8 | static_cast<unsigned>(options.protocol));
    append16(bytes, 0);
    append_address(bytes, options.source, AF_INET);
    append_address(bytes, options.destination, AF_INET);
    put16(bytes, start + 10, ~folded_sum(bytes, start));
}

void append_ipv6(Bytes &bytes, const FrameOptions &options, std::size_t payload) {
    append16(bytes, 0x6000);
    append16(bytes, 0);
    append16(bytes, static_cast<unsigned>(payload));
    append16(bytes, static_cast<unsigned>(options.protocol) << 8 | 64);
    append_address(bytes, options.source, AF_INET6);
    append_address(bytes, options.destination, AF_INET6);
}

// What makes a datagram valid for conntrack: the length, and with IPv6 the checksum, which IPv4 may leave
// out. The datagram begins at `start` and is the frame's end.
void complete_udp(Bytes &bytes, std::size_t start, const FrameOptions &options, bool is_ipv6) {
    constexpr std::size_t length_at = 4, checksum_at = 6;
    const auto length = static_cast<unsigned>(bytes.size() - start);
    Bytes pseudo;

    put16(bytes, start + length_at, length);
    if (!is_ipv6)
        return;
    append_address(pseudo, options.source, AF_INET6);
    append_address(pseudo, options.destination, AF_INET6);
    append16(pseudo, length);
    append16(pseudo, IPPROTO_UDP);
    pseudo.insert(pseudo.end(), bytes.begin() + static_cast<std::ptrdiff_t>(start), bytes.end());
    const unsigned checksum = ~folded_sum(pseudo, 0) & 0xffff;
    put16(bytes, start + checksum_at, checksum ? checksum : 0xffff);
}

// TCP's checksum of a segment without payload, which begins at `start` and is the frame's end; the addresses
// are the eight bytes before it.
void complete_syn(Bytes &bytes, std::size_t start) {
    constexpr std::size_t checksum_at = 16, address_bytes = 8;
    const std::uint32_t pseudo = IPPROTO_TCP + static_cast<std::uint32_t>(bytes.size() - start) +
                                 folded_sum(bytes, start - address_bytes);

    put16(bytes, start + checksum_at, ~((pseudo & 0xffff) + (pseudo >> 16)));
}

Bytes behind_ports(const FrameOptions &options) {
    Bytes bytes;

    if (options.payload.empty()) {
        bytes.resize(8);
        bytes.resize(8 + options.size, 'x');
    }
    for (std::size_t i = 0; i + 1 < options.payload.size(); i += 2)
        bytes.push_back(static_cast<std::uint8_t>(std::stoul(options.payload.substr(i, 2), nullptr, 16)));
    return bytes;
}

} // namespace

Bytes build_frame(const FrameOptions &options) {
    const bool is_ip = !options.source.empty();
    const bool is_ipv6 = options.source.find(':') != std::string::npos;
    const Bytes payload = behind_ports(options);
    const std::size_t l4 = 4 + payload.size();
    const unsigned ethertype = !is_ip ? options.ethertype : is_ipv6 ? 0x86dd : 0x0800;
    std::size_t l4_start = 0;
    Bytes bytes;

    append_mac(bytes, options.to);
    append_mac(bytes, options.from);
    if (options.vlan >= 0) {
        append16(bytes, 0x8100);
        append16(bytes, static_cast<unsigned>(options.vlan));
    }
    append16(bytes, options.pppoe ? 0x8864 : ethertype);
    if (options.pppoe) {
        append16(bytes, 0x1100);
        append16(bytes, 1);
        append16(bytes, static_cast<unsigned>(2 + l4 + (is_ipv6 ? 40 : 20)));
        append16(bytes, is_ipv6 ? 0x0057 : 0x0021);
    }
    if (is_ip) {
        is_ipv6 ? append_ipv6(bytes, options, l4) : append_ipv4(bytes, options, l4);
        l4_start = bytes.size();
        append16(bytes, options.source_port);
        append16(bytes, options.destination_port);
        bytes.insert(bytes.end(), payload.begin(), payload.end());
    } else {
        bytes.resize(bytes.size() + options.size, 'x');
    }
    if (is_ip && options.protocol == IPPROTO_UDP && !options.bad_length)
        complete_udp(bytes, l4_start, options, is_ipv6);
    return bytes;
}

Bytes build_syn(const FrameOptions &options, std::uint16_t port, std::uint32_t sequence) {
    constexpr unsigned header_bytes = 20, flags = header_bytes / 4 << 12 | 0x02, window = 64240;
    Bytes bytes;

    append_mac(bytes, options.to);
    append_mac(bytes, options.from);
    append16(bytes, ETHERTYPE_IP);
    append_ipv4(bytes, options, header_bytes);
    const std::size_t start = bytes.size();
    append16(bytes, port);
    append16(bytes, options.destination_port);
    append16(bytes, sequence >> 16);
    append16(bytes, sequence);
    for (const unsigned word : {0U, 0U, flags, window, 0U, 0U}) // the first two: what it acknowledges
        append16(bytes, word);
    complete_syn(bytes, start);
    return bytes;
}
