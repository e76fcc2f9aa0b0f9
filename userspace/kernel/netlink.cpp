// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/netlink.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <utility>

namespace brpath {

namespace {

// The kernel fills a dump's datagrams up to what the last call offered, and no further than this.
constexpr std::size_t datagram_size_usual = 32768;

// NLMSG_ERROR and NLMSG_DONE both begin with a number: 0, or a negative errno.
int status_number(const nlmsghdr &message) {
    int number = 0;
    if (mnl_nlmsg_get_payload_len(&message) < sizeof(number))
        return message.nlmsg_type == NLMSG_DONE ? 0 : EBADMSG; // a bare NLMSG_DONE is a good one
    std::memcpy(&number, mnl_nlmsg_get_payload(&message), sizeof(number));
    return number < 0 ? -number : 0;
}

std::size_t aligned_length(const nlmsghdr &message) { return MNL_ALIGN(std::size_t{message.nlmsg_len}); }

// nullptr if no whole message is there. Not mnl_nlmsg_ok: it takes a length of 2^31 and more for a negative
// one.
const nlmsghdr *first_message(std::span<const std::byte> datagram) {
    const auto *message = reinterpret_cast<const nlmsghdr *>(datagram.data());
    if (datagram.size() < sizeof(*message) || message->nlmsg_len < sizeof(*message) ||
        message->nlmsg_len > datagram.size())
        return nullptr;
    return message;
}

void take_message(const nlmsghdr &message, const MessageHandler &handle, DatagramStatus &status) {
    if ((message.nlmsg_flags & NLM_F_DUMP_INTR) != 0)
        status.interrupted = true;
    if (message.nlmsg_type == NLMSG_NOOP)
        return;
    if (message.nlmsg_type == NLMSG_ERROR || message.nlmsg_type == NLMSG_DONE) {
        status.error = status_number(message);
        status.done = true;
        return;
    }
    handle(message);
    status.done = (message.nlmsg_flags & NLM_F_MULTI) == 0;
}

} // namespace

DatagramStatus read_datagram(std::span<const std::byte> datagram, std::uint32_t sequence,
                             const MessageHandler &handle) {
    DatagramStatus status;
    if (datagram.empty())
        status.error = EBADMSG;
    while (!datagram.empty() && !status.done && status.error == 0) {
        const nlmsghdr *message = first_message(datagram);
        if (message == nullptr) {
            status.error = EBADMSG; // going on would wait for an end that may be in the part cut off
            return status;
        }
        if (message->nlmsg_seq == sequence)
            take_message(*message, handle, status);
        datagram = datagram.subspan(std::min(aligned_length(*message), datagram.size()));
    }
    return status;
}

tl::expected<NetlinkSocket, int> NetlinkSocket::open(int protocol) {
    Handle socket(mnl_socket_open2(protocol, SOCK_CLOEXEC));
    if (!socket)
        return tl::unexpected(errno);
    if (mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0)
        return tl::unexpected(errno);
    return NetlinkSocket(std::move(socket));
}

tl::expected<std::span<const std::byte>, int> NetlinkSocket::receive() {
    for (;;) {
        const ssize_t size = ::recv(mnl_socket_get_fd(socket_.get()), nullptr, 0, MSG_PEEK | MSG_TRUNC);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return tl::unexpected(errno);
        buffer_.resize(std::max(static_cast<std::size_t>(size), datagram_size_usual));
        const ssize_t got = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return tl::unexpected(errno);
        return std::span<const std::byte>(buffer_).first(static_cast<std::size_t>(got));
    }
}

tl::expected<NetlinkSocket::Outcome, int> NetlinkSocket::exchange(nlmsghdr &request,
                                                                  const MessageHandler &handle) {
    request.nlmsg_seq = ++sequence_;
    while (mnl_socket_sendto(socket_.get(), &request, request.nlmsg_len) < 0)
        if (errno != EINTR)
            return tl::unexpected(errno);
    bool interrupted = false;
    for (;;) {
        const auto datagram = receive();
        if (!datagram && datagram.error() == ENOBUFS)
            return Outcome::interrupted; // the kernel had to throw replies away
        if (!datagram)
            return tl::unexpected(datagram.error());
        const DatagramStatus status = read_datagram(*datagram, sequence_, handle);
        if (status.error != 0)
            return tl::unexpected(status.error);
        interrupted = interrupted || status.interrupted;
        if (status.done)
            return interrupted ? Outcome::interrupted : Outcome::complete;
    }
}

} // namespace brpath
