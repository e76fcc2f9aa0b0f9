// SPDX-License-Identifier: BSD-2-Clause
// Frames made by hand, byte by byte.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

using Bytes = std::vector<std::uint8_t>;

struct FrameOptions {
    std::string device, to = "ff:ff:ff:ff:ff:ff", from = "02:00:00:00:00:01";
    std::uint16_t ethertype = 0x88b5; // local experimental
    int vlan = -1;
    bool pppoe = false;
    std::string source, destination; // IP addresses; empty: no IP header
    int protocol = 132;
    std::uint16_t source_port = 0, destination_port = 0;
    int count = 1;
    std::size_t size = 20; // bytes after the headers
    std::string payload;   // in hexadecimal, for what follows the ports; empty: zeroes, and `size` more
    bool bad_length = false;
};

// Throws std::runtime_error if an address is none.
Bytes build_frame(const FrameOptions &options);

// A TCP SYN from that port, IPv4.
Bytes build_syn(const FrameOptions &options, std::uint16_t port, std::uint32_t sequence);
