// SPDX-License-Identifier: BSD-2-Clause
// Sends an exact number of frames of one kind, and waits for an exact number of datagrams.
#include "tools/frame.hpp"

#include <CLI/CLI.hpp>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <random>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace {

[[noreturn]] void give_up(const std::string &what) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
}

sockaddr_storage parse_address(const std::string &text, std::uint16_t port, socklen_t &length) {
    sockaddr_storage storage{};
    auto *v4 = reinterpret_cast<sockaddr_in *>(&storage);
    auto *v6 = reinterpret_cast<sockaddr_in6 *>(&storage);

    if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        length = sizeof(*v4);
    } else if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        length = sizeof(*v6);
    } else {
        throw std::runtime_error(text + " is not an address");
    }
    return storage;
}

int open_udp(const std::string &bind_to, std::uint16_t port) {
    socklen_t length = 0;
    const auto address = parse_address(bind_to, port, length);
    const int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, reinterpret_cast<const sockaddr *>(&address), length))
        give_up("bind a UDP socket to " + bind_to);
    return fd;
}

struct UdpOptions {
    std::string from, to;
    std::uint16_t source_port = 0, port = 0;
    int count = 1;
    std::size_t size = 64;
    int ports = 1; // source ports source_port, source_port + 1, ...; count frames from each
};

void send_udp(const UdpOptions &options) {
    socklen_t length = 0;
    const auto to = parse_address(options.to, options.port, length);
    const Bytes payload(options.size, 'x');

    for (int port = 0; port < options.ports; port++) {
        const int fd = open_udp(options.from, static_cast<std::uint16_t>(options.source_port + port));
        for (int i = 0; i < options.count; i++)
            if (sendto(fd, payload.data(), payload.size(), 0, reinterpret_cast<const sockaddr *>(&to),
                       length) < 0)
                give_up("send a datagram");
        close(fd);
    }
}

// Prints "ready", then receives until nothing came for a second or `count` datagrams are there; prints the
// number.
void receive_udp(const UdpOptions &options) {
    const int fd = open_udp(options.from, options.port);
    std::array<char, 65536> buffer{};
    pollfd readable{fd, POLLIN, 0};
    int received = 0;

    std::puts("ready");
    std::fflush(stdout);
    while (received < options.count && poll(&readable, 1, received ? 2000 : 20000) > 0)
        if (recv(fd, buffer.data(), buffer.size(), 0) >= 0)
            received++;
    std::printf("%d\n", received);
    close(fd);
}

class FrameSocket {
  public:
    FrameSocket() : fd_(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {
        if (fd_ < 0)
            give_up("open a packet socket");
    }
    FrameSocket(const FrameSocket &) = delete;
    FrameSocket &operator=(const FrameSocket &) = delete;
    ~FrameSocket() { close(fd_); }

    void set_device(const std::string &name) {
        device_ = name;
        to_.sll_family = AF_PACKET;
        to_.sll_ifindex = static_cast<int>(if_nametoindex(name.c_str()));
    }

    void send(const Bytes &frame) const {
        if (sendto(fd_, frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr *>(&to_),
                   sizeof(to_)) < 0)
            give_up("send a frame by " + device_);
    }

  private:
    int fd_;
    std::string device_;
    sockaddr_ll to_{};
};

void send_frames(const FrameOptions &options) {
    const Bytes frame = build_frame(options);
    FrameSocket socket;

    socket.set_device(options.device);
    for (int i = 0; i < options.count; i++)
        socket.send(frame);
}

struct FloodOptions {
    FrameOptions frame;
    std::uint32_t seed = 1;
};

std::string ipv4_text(std::uint32_t address) {
    const in_addr raw{htonl(address)};
    std::array<char, INET_ADDRSTRLEN> text{};

    return inet_ntop(AF_INET, &raw, text.data(), text.size());
}

// SYNs, each from an address and a port of its own: 11.0.0.0/8 and any port above 1023, drawn from a
// generator that the standard defines, so that the same seed is the same flood everywhere.
void send_flood(const FloodOptions &options) {
    constexpr std::uint32_t network = 11U << 24, hosts = 0xffffff, ports_min = 1024;
    std::mt19937 generator(options.seed);
    const auto draw = [&generator] { return static_cast<std::uint32_t>(generator()); };
    FrameOptions ip = options.frame;
    FrameSocket socket;

    ip.protocol = IPPROTO_TCP;
    socket.set_device(ip.device);
    for (int i = 0; i < ip.count; i++) {
        ip.source = ipv4_text(network | (draw() & hosts));
        const auto port = static_cast<std::uint16_t>(ports_min + draw() % (0x10000 - ports_min));
        socket.send(build_syn(ip, port, draw()));
    }
}

struct CrowdOptions {
    FrameOptions frame; // device: what all their names begin with
    int devices = 1;
};

// From each of the devices NAME0, NAME1, ...: `count` datagrams with an address of its own, from `source` on.
void send_crowd(const CrowdOptions &options) {
    FrameOptions frame = options.frame;
    FrameSocket socket;
    in_addr source{};

    frame.protocol = IPPROTO_UDP;
    if (inet_pton(AF_INET, frame.source.c_str(), &source) != 1)
        throw std::runtime_error(frame.source + " is not an IPv4 address");
    for (int i = 0; i < options.devices; i++) {
        frame.source = ipv4_text(ntohl(source.s_addr) + static_cast<std::uint32_t>(i));
        const Bytes bytes = build_frame(frame);
        socket.set_device(frame.device + std::to_string(i));
        for (int j = 0; j < frame.count; j++)
            socket.send(bytes);
    }
}

void add_udp(CLI::App &app, UdpOptions &udp) {
    auto *send = app.add_subcommand("udp", "send datagrams");
    send->add_option("--from", udp.from, "address to send from")->required();
    send->add_option("--source-port", udp.source_port);
    send->add_option("--to", udp.to)->required();
    send->add_option("--port", udp.port)->required();
    send->add_option("--count", udp.count);
    send->add_option("--ports", udp.ports, "source ports, --count datagrams from each");
    send->add_option("--size", udp.size, "bytes of payload");
    send->callback([&udp] { send_udp(udp); });

    auto *receive = app.add_subcommand("receive", "wait for datagrams, print how many came");
    receive->add_option("--on", udp.from, "address to listen on")->required();
    receive->add_option("--port", udp.port)->required();
    receive->add_option("--count", udp.count, "at most");
    receive->callback([&udp] { receive_udp(udp); });
}

void add_frame(CLI::App &app, FrameOptions &frame) {
    auto *send = app.add_subcommand("frame", "send hand-made frames");
    send->add_option("--device", frame.device)->required();
    send->add_option("--to", frame.to, "destination MAC");
    send->add_option("--from", frame.from, "source MAC");
    send->add_option("--ethertype", frame.ethertype);
    send->add_option("--vlan", frame.vlan, "802.1Q tag in the frame's bytes");
    send->add_flag("--pppoe", frame.pppoe);
    send->add_option("--source", frame.source, "IP address: makes it an IP frame");
    send->add_option("--destination", frame.destination);
    send->add_option("--protocol", frame.protocol, "IP protocol");
    send->add_option("--source-port", frame.source_port);
    send->add_option("--port", frame.destination_port);
    send->add_option("--count", frame.count);
    send->add_option("--size", frame.size, "bytes after the headers");
    send->add_option("--payload", frame.payload,
                     "what follows the ports, in hexadecimal, in place of --size");
    send->add_flag("--bad-length", frame.bad_length, "a UDP length of 0, which conntrack calls invalid");
    send->callback([&frame] { send_frames(frame); });
}

void add_flood(CLI::App &app, FloodOptions &flood) {
    auto *send = app.add_subcommand("flood", "send SYNs, each from a random address and port");
    send->add_option("--device", flood.frame.device)->required();
    send->add_option("--to", flood.frame.to, "destination MAC");
    send->add_option("--from", flood.frame.from, "source MAC");
    send->add_option("--destination", flood.frame.destination)->required();
    send->add_option("--port", flood.frame.destination_port)->required();
    send->add_option("--count", flood.frame.count);
    send->add_option("--seed", flood.seed, "the same seed, the same flood");
    send->callback([&flood] { send_flood(flood); });
}

void add_crowd(CLI::App &app, CrowdOptions &crowd) {
    auto *send =
        app.add_subcommand("crowd", "send datagrams from many devices, each with an address of its own");
    send->add_option("--device", crowd.frame.device, "NAME of the devices NAME0, NAME1, ...")->required();
    send->add_option("--devices", crowd.devices, "how many");
    send->add_option("--to", crowd.frame.to, "destination MAC");
    send->add_option("--from", crowd.frame.from, "source MAC");
    send->add_option("--source", crowd.frame.source, "the first one's address; the others' are the next ones")
        ->required();
    send->add_option("--destination", crowd.frame.destination)->required();
    send->add_option("--source-port", crowd.frame.source_port);
    send->add_option("--port", crowd.frame.destination_port)->required();
    send->add_option("--count", crowd.frame.count, "from each");
    send->callback([&crowd] { send_crowd(crowd); });
}

} // namespace

int main(int argc, char **argv) {
    CLI::App app("Exact traffic for brpath's tests");
    UdpOptions udp;
    FrameOptions frame;
    FloodOptions flood;
    CrowdOptions crowd;

    app.require_subcommand(1);
    add_udp(app, udp);
    add_frame(app, frame);
    add_flood(app, flood);
    add_crowd(app, crowd);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        return app.exit(error);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "traffic: cannot %s\n", error.what());
        return 1;
    }
    return 0;
}
