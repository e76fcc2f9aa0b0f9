// SPDX-License-Identifier: BSD-2-Clause
// What rtnetlink announces about devices, message by message.
#pragma once

#include "kernel/netlink.hpp"
#include "util/result.hpp"

#include <memory>

namespace brpath {

// Subscribed in the namespace that the calling thread is in; it stays there, and keeps the namespace alive.
class LinkStream {
  public:
    static Result<LinkStream> open();

    // Becomes readable when something was announced.
    [[nodiscard]] int fd() const { return mnl_socket_get_fd(socket_.get()); }

    // Hands over everything that waits. False: some announcements were lost, list the devices again.
    [[nodiscard]] bool read(const MessageHandler &handle) const;

  private:
    struct Close {
        void operator()(mnl_socket *socket) const { mnl_socket_close(socket); }
    };
    using Handle = std::unique_ptr<mnl_socket, Close>;

    explicit LinkStream(Handle socket) : socket_(std::move(socket)) {}

    Handle socket_;
};

} // namespace brpath
