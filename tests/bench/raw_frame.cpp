// SPDX-License-Identifier: BSD-2-Clause
#include "bench/raw_frame.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cstdio>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdexcept>

namespace brpath::bench {

namespace {

constexpr std::size_t ip_at = 14, udp_at = 34;

} // namespace

Mac parse_mac(const std::string &text) {
    std::array<unsigned, 6> bytes{};
    Mac mac{};

    if (std::sscanf(text.c_str(), "%x:%x:%x:%x:%x:%x", &bytes[0], &bytes[1], &bytes[2], &bytes[3], &bytes[4],
                    &bytes[5]) != 6)
        throw std::runtime_error("read the MAC address " + text);
    std::transform(bytes.begin(), bytes.end(), mac.begin(),
                   [](unsigned byte) { return static_cast<std::uint8_t>(byte); });
    return mac;
}

void RawFrame::put16(std::size_t at, unsigned value) {
    bytes_[at] = static_cast<std::uint8_t>(value >> 8);
    bytes_[at + 1] = static_cast<std::uint8_t>(value);
}

void RawFrame::put32(std::size_t at, std::uint32_t value) {
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

RawFrame::RawFrame(const Mac &from, const Mac &to, std::uint32_t destination, std::uint16_t port) {
    std::copy(to.begin(), to.end(), bytes_.begin());
    std::copy(from.begin(), from.end(), bytes_.begin() + 6);
    put16(12, ETHERTYPE_IP);
    put16(ip_at, 0x4500);
    put16(ip_at + 2, static_cast<unsigned>(bytes_.size() - ip_at));
    put16(ip_at + 6, 0x4000);
    put16(ip_at + 8, 64U << 8 | IPPROTO_UDP);
    put32(ip_at + 16, destination);
    put16(udp_at + 2, port);
    put16(udp_at + 4, static_cast<unsigned>(bytes_.size() - udp_at));
}

void RawFrame::set_source(std::uint32_t address, std::uint16_t port) {
    std::uint32_t sum = 0;

    put16(ip_at + 10, 0);
    put32(ip_at + 12, address);
    put16(udp_at, port);
    for (std::size_t at = ip_at; at < udp_at; at += 2)
        sum += static_cast<std::uint32_t>(bytes_[at] << 8 | bytes_[at + 1]);
    sum = (sum & 0xffff) + (sum >> 16);
    put16(ip_at + 10, ~(sum + (sum >> 16)) & 0xffff);
}

void RawFrame::send(int packet_socket) const {
    if (::send(packet_socket, bytes_.data(), bytes_.size(), 0) < 0)
        give_up("send a frame");
}

Fd open_packet_socket(const std::string &device) {
    // No protocol: nothing that the device receives is copied to it.
    Fd fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    sockaddr_ll to{};

    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(if_nametoindex(device.c_str()));
    if (fd.get() < 0 || !to.sll_ifindex ||
        bind(fd.get(), reinterpret_cast<const sockaddr *>(&to), sizeof(to)))
        give_up("open a packet socket on " + device);
    return fd;
}

} // namespace brpath::bench
