// SPDX-License-Identifier: BSD-2-Clause
// Sends an exact number of frames of one kind, and waits for an exact number of datagrams.
#include <CLI/CLI.hpp>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <random>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

using Bytes = std::vector<std::uint8_t>;

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
    bool bad_length = false;
};

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

Bytes build_frame(const FrameOptions &options) {
    const bool is_ip = !options.source.empty();
    const bool is_ipv6 = options.source.find(':') != std::string::npos;
    const std::size_t l4 = 12 + options.size;
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
        bytes.resize(bytes.size() + 8);
    }
    bytes.resize(bytes.size() + options.size, 'x');
    if (is_ip && options.protocol == IPPROTO_UDP && !options.bad_length)
        complete_udp(bytes, l4_start, options, is_ipv6);
    return bytes;
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

// TCP's checksum of a segment without payload, which begins at `start` and is the frame's end; the addresses
// are the eight bytes before it.
void complete_syn(Bytes &bytes, std::size_t start) {
    constexpr std::size_t checksum_at = 16, address_bytes = 8;
    const std::uint32_t pseudo = IPPROTO_TCP + static_cast<std::uint32_t>(bytes.size() - start) +
                                 folded_sum(bytes, start - address_bytes);

    put16(bytes, start + checksum_at, ~((pseudo & 0xffff) + (pseudo >> 16)));
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
