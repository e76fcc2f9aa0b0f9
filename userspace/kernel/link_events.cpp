// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/link_events.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace brpath {

bool LinkEvents::subscribe() {
    socket_.reset(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket_ && mnl_socket_bind(socket_.get(), RTMGRP_LINK, MNL_SOCKET_AUTOPID) < 0)
        socket_.reset();
    return socket_ != nullptr;
}

bool LinkEvents::any() {
    // What they say is not read: one byte takes a whole announcement out of the queue.
    std::array<std::byte, 1> byte{};
    bool is_any = false;

    if (!socket_) {
        subscribe();
        return true;
    }
    for (;;) {
        const auto got = ::recv(mnl_socket_get_fd(socket_.get()), byte.data(), byte.size(), 0);
        if (got < 0 && errno == EAGAIN)
            return is_any;
        is_any = true;
        if (got < 0 && errno != EINTR && errno != ENOBUFS) { // ENOBUFS: some were lost, the next may be there
            socket_.reset();
            return true;
        }
    }
}

} // namespace brpath
