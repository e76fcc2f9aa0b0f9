// SPDX-License-Identifier: BSD-2-Clause
#include "bench/load_work.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <poll.h>
#include <stdexcept>
#include <vector>

#include "bench/raw_frame.hpp"

namespace brpath::bench {

namespace {

constexpr std::uint16_t client_port = 7000, server_port = 7001;
constexpr std::size_t chunk_bytes = 64 << 10;

// Takes the datagrams away, and fails if there are not so many. The last ones may still be on their way: the
// kernel leaves them to a thread of its own when another process waits for the processor.
void received(const Fd &sink, long expected) {
    constexpr int limit_ms = 5000;
    std::array<char, 64> buffer{};
    pollfd readable{sink.get(), POLLIN, 0};
    long count = 0;

    while (count < expected && poll(&readable, 1, limit_ms) > 0)
        while (recv(sink.get(), buffer.data(), buffer.size(), MSG_DONTWAIT) >= 0)
            count++;
    if (count != expected)
        throw std::runtime_error("find all datagrams: " + std::to_string(count) + " of " +
                                 std::to_string(expected) + " came");
}

// Datagrams of one flow. Nobody reads them while it is measured, so nobody is woken.
class Datagrams : public Work {
  public:
    Datagrams(const Namespace &sender, const Namespace &receiver, const Endpoints &endpoints) {
        const Address to = parse_address(endpoints.to, server_port);

        receiver.enter();
        sink_ = open_socket(to, SOCK_DGRAM);
        sender.enter();
        source_ = open_socket(parse_address(endpoints.from, client_port), SOCK_DGRAM);
        if (connect(source_.get(), to.get(), to.length))
            give_up("connect a datagram socket");
        // A frame of 64 bytes with IPv4.
        payload_.resize(22, 'x');
    }

    void run(int count) override {
        for (int i = 0; i < count; i++)
            if (send(source_.get(), payload_.data(), payload_.size(), 0) < 0)
                give_up("send a datagram");
        sent_ += count;
    }

    void clear() override {
        received(sink_, sent_);
        sent_ = 0;
    }

  private:
    Fd sink_, source_;
    std::vector<char> payload_;
    long sent_ = 0;
};

Fd listening(const Namespace &receiver, const Address &address) {
    constexpr int backlog = 16;

    receiver.enter();
    Fd listener = open_socket(address, SOCK_STREAM);
    if (listen(listener.get(), backlog))
        give_up("listen");
    return listener;
}

// In the namespace that was entered last.
Fd connected(const Address &to) {
    Fd fd(socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));

    if (fd.get() < 0 || connect(fd.get(), to.get(), to.length))
        give_up("connect");
    return fd;
}

Fd accepted(const Fd &listener) {
    Fd fd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));

    if (fd.get() < 0)
        give_up("accept a connection");
    return fd;
}

// One connection; writes of 64 KiB, each read before the next one.
class Stream : public Work {
  public:
    Stream(const Namespace &sender, const Namespace &receiver, const Endpoints &endpoints)
        : chunk_(chunk_bytes, 'x') {
        const Address to = parse_address(endpoints.to, server_port);
        const Fd listener = listening(receiver, to);

        sender.enter();
        client_ = connected(to);
        server_ = accepted(listener);
    }

    void run(int count) override {
        for (int i = 0; i < count; i++)
            transfer();
    }

  private:
    // MSG_TRUNC throws away instead of copying: what is measured is not the copying.
    void transfer() {
        std::size_t sent = 0, received = 0;

        while (received < chunk_.size()) {
            if (sent < chunk_.size()) {
                const ssize_t bytes =
                    send(client_.get(), chunk_.data() + sent, chunk_.size() - sent, MSG_DONTWAIT);
                if (bytes < 0 && errno != EAGAIN)
                    give_up("write to the stream");
                sent += bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
            }
            const ssize_t bytes = recv(server_.get(), chunk_.data(), chunk_.size(), MSG_TRUNC | MSG_DONTWAIT);
            if (bytes > 0)
                received += static_cast<std::size_t>(bytes);
            else
                wait();
        }
    }

    void wait() {
        constexpr int limit_ms = 5000;
        pollfd readable{server_.get(), POLLIN, 0};

        if (poll(&readable, 1, limit_ms) <= 0)
            throw std::runtime_error("read from the stream: nothing came for 5 s");
    }

    std::vector<char> chunk_;
    Fd client_, server_;
};

// Connections without data. The server closes first, so that the client's port is free at once.
class Connections : public Work {
  public:
    Connections(const Namespace &sender, const Namespace &receiver, const Endpoints &endpoints)
        : to_(parse_address(endpoints.to, server_port)), listener_(listening(receiver, to_)) {
        sender.enter();
    }

    void run(int count) override {
        for (int i = 0; i < count; i++) {
            Fd client = connected(to_);
            accepted(listener_).reset();
            client.reset();
        }
    }

  private:
    Address to_;
    Fd listener_;
};

std::uint32_t number_of(const std::string &address) {
    in_addr number{};

    if (inet_pton(AF_INET, address.c_str(), &number) != 1)
        throw std::runtime_error("read the IPv4 address " + address);
    return ntohl(number.s_addr);
}

// Datagrams of many flows, hand-made: a thousand ports of each of as many addresses as it takes.
class Flows : public Work {
  public:
    Flows(const Namespace &sender, const Namespace &receiver, const Endpoints &endpoints)
        : flows_(endpoints.flows), frame_(parse_mac(endpoints.from_mac), parse_mac(endpoints.to_mac),
                                          number_of(endpoints.to), server_port) {
        receiver.enter();
        sink_ = open_socket(parse_address(endpoints.to, server_port), SOCK_DGRAM);
        sender.enter();
        source_ = open_packet_socket("eth0");
    }

    // Not one after the other: a short run sees all of the flows, here and there.
    void run(int count) override {
        constexpr std::uint64_t stride = 7919, ports = 1000;
        constexpr std::uint32_t first_address = 10U << 24 | 100U << 16;
        for (int i = 0; i < count; i++) {
            const std::uint64_t flow = next_++ * stride % flows_;
            frame_.set_source(first_address + static_cast<std::uint32_t>(flow / ports),
                              static_cast<std::uint16_t>(1024 + flow % ports));
            frame_.send(source_.get());
        }
        sent_ += count;
    }

    void clear() override {
        received(sink_, sent_);
        sent_ = 0;
    }

  private:
    std::uint64_t flows_, next_ = 0;
    RawFrame frame_;
    Fd sink_, source_;
    long sent_ = 0;
};

} // namespace

std::unique_ptr<Work> make_work(const std::string &name, const Namespace &sender, const Namespace &receiver,
                                const Endpoints &endpoints) {
    if (name == "udp")
        return std::make_unique<Datagrams>(sender, receiver, endpoints);
    if (name == "flows")
        return std::make_unique<Flows>(sender, receiver, endpoints);
    if (name == "stream")
        return std::make_unique<Stream>(sender, receiver, endpoints);
    if (name == "connect")
        return std::make_unique<Connections>(sender, receiver, endpoints);
    throw std::runtime_error("find the workload '" + name + "': udp, flows, stream or connect");
}

} // namespace brpath::bench
