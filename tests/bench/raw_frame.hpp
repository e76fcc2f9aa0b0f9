// SPDX-License-Identifier: BSD-2-Clause
// A UDP datagram as a frame whose source changes, and the packet socket that sends it.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "bench/load_net.hpp"

namespace brpath::bench {

using Mac = std::array<std::uint8_t, 6>;

Mac parse_mac(const std::string &text);

class RawFrame {
  public:
    // Addresses in the machine's order of bytes.
    RawFrame(const Mac &from, const Mac &to, std::uint32_t destination, std::uint16_t port);
    void set_source(std::uint32_t address, std::uint16_t port);
    void send(int packet_socket) const;

  private:
    void put16(std::size_t at, unsigned value);
    void put32(std::size_t at, std::uint32_t value);

    std::array<std::uint8_t, 64> bytes_{};
};

// In the namespace that was entered last, for frames to leave by its device.
Fd open_packet_socket(const std::string &device);

} // namespace brpath::bench
