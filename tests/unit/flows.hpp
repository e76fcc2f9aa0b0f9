// SPDX-License-Identifier: BSD-2-Clause
// Flow records for tests, in a few words.
#pragma once

#include <arpa/inet.h>
#include <brpath/abi.h>
#include <cstdint>
#include <cstring>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string>

namespace brpath::test {

struct Header {
    std::string source;
    std::uint16_t source_port;
    std::string destination;
    std::uint16_t destination_port;
};

inline brpath_tuple make_raw(const Header &header) {
    brpath_tuple tuple{};
    const int family = header.source.find(':') == std::string::npos ? AF_INET : AF_INET6;

    inet_pton(family, header.source.c_str(), tuple.saddr);
    inet_pton(family, header.destination.c_str(), tuple.daddr);
    tuple.sport = header.source_port;
    tuple.dport = header.destination_port;
    return tuple;
}

// A flow of `frames` frames of 100 bytes. Fields can be changed before it is used.
struct Flow {
    brpath_flow_key key{};
    brpath_flow flow{};

    Flow(std::uint8_t protocol, const Header &in, std::uint64_t frames) {
        key.in = make_raw(in);
        key.ethertype = in.source.find(':') == std::string::npos ? ETH_P_IP : ETH_P_IPV6;
        key.proto = protocol;
        key.port_in = 1;
        key.port_out = 2;
        key.path = BRPATH_BRIDGED;
        key.handling = BRPATH_BYPASSED;
        flow.first_ns = 1;
        flow.frames = frames;
        flow.bytes = frames * 100;
        flow.out = key.in;
    }

    Flow &leaves_as(const Header &out) {
        flow.out = make_raw(out);
        key.translation = 1;
        return *this;
    }

    Flow &is(brpath_path path, brpath_handling handling) {
        key.path = path;
        key.handling = handling;
        return *this;
    }

    Flow &directed(brpath_direction direction) {
        flow.direction = direction;
        return *this;
    }

    Flow &with_tcp(std::uint8_t flags, std::uint32_t syns, std::uint32_t resets) {
        flow.tcp_flags = flags;
        flow.tcp_syn = syns;
        flow.tcp_rst = resets;
        return *this;
    }
};

} // namespace brpath::test
