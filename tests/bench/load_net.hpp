// SPDX-License-Identifier: BSD-2-Clause
// Network namespaces, sockets in them, and the counters of ports and threads.
#pragma once

#include <cstdint>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace brpath::bench {

[[noreturn]] void give_up(const std::string &what);

class Fd {
  public:
    explicit Fd(int fd = -1) : fd_(fd) {}
    ~Fd() { reset(); }
    Fd(const Fd &) = delete;
    Fd &operator=(const Fd &) = delete;
    Fd(Fd &&other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
    Fd &operator=(Fd &&other) noexcept {
        if (this != &other) {
            reset();
            fd_ = other.fd_;
            other.fd_ = -1;
        }
        return *this;
    }
    [[nodiscard]] int get() const { return fd_; }
    void reset() {
        if (fd_ >= 0)
            close(fd_);
        fd_ = -1;
    }

  private:
    int fd_;
};

class Namespace {
  public:
    // A name of `ip netns`, or a path.
    explicit Namespace(const std::string &name);
    void enter() const;

  private:
    Fd fd_;
};

struct Address {
    sockaddr_storage storage{};
    socklen_t length = 0;
    [[nodiscard]] const sockaddr *get() const { return reinterpret_cast<const sockaddr *>(&storage); }
};

Address parse_address(const std::string &text, std::uint16_t port);

// In the namespace that was entered last. A buffer that holds all that a repetition sends.
Fd open_socket(const Address &address, int type);

// Frames that the ports of the node's bridge received, by the ports' own counters.
std::int64_t port_frames(const Namespace &node);

// What the threads of a process ran, in nanoseconds.
std::int64_t thread_run_time_ns(int process);

} // namespace brpath::bench
