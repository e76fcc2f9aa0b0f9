// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/link_stream.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <linux/rtnetlink.h>
#include <span>
#include <sys/socket.h>

namespace brpath {

namespace {

// An announcement is one device: a page is the most that the kernel allots.
constexpr std::size_t datagram_bytes_max = 65536;

void hand_over(std::span<const std::byte> datagram, const MessageHandler &handle) {
    while (datagram.size() >= sizeof(nlmsghdr)) {
        const auto *message = reinterpret_cast<const nlmsghdr *>(datagram.data());
        if (message->nlmsg_len < sizeof(nlmsghdr) || message->nlmsg_len > datagram.size())
            return;
        handle(*message);
        const std::size_t step = MNL_ALIGN(std::size_t{message->nlmsg_len});
        datagram = datagram.subspan(step < datagram.size() ? step : datagram.size());
    }
}

} // namespace

Result<LinkStream> LinkStream::open() {
    Handle socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK));

    if (!socket || mnl_socket_bind(socket.get(), RTMGRP_LINK, MNL_SOCKET_AUTOPID) < 0)
        return fail_errno("subscribe to what the kernel announces about network devices", errno);
    return LinkStream(std::move(socket));
}

bool LinkStream::read(const MessageHandler &handle) const {
    alignas(nlmsghdr) std::array<std::byte, datagram_bytes_max> buffer;
    bool is_whole = true;

    for (;;) {
        const auto got = ::recv(fd(), buffer.data(), buffer.size(), 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == ENOBUFS) { // the next may be there
            is_whole = false;
            continue;
        }
        if (got < 0)
            return is_whole;
        hand_over(std::span(buffer).first(static_cast<std::size_t>(got)), handle);
    }
}

} // namespace brpath
