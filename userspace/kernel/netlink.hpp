// SPDX-License-Identifier: BSD-2-Clause
// One request and its replies over a netlink socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <memory>
#include <span>
#include <tl/expected.hpp>
#include <vector>

namespace brpath {

// Called for each data message. All of its nlmsg_len bytes may be read, and no more.
using MessageHandler = std::function<void(const nlmsghdr &)>;

struct DatagramStatus {
    bool done = false;        // no further datagram belongs to this reply
    bool interrupted = false; // NLM_F_DUMP_INTR: what was listed changed meanwhile
    int error = 0;            // errno: the kernel refused, or the datagram is broken
};

// Walks the messages of one datagram (4-byte aligned, as every allocated buffer is); those that answer
// another request are passed over.
DatagramStatus read_datagram(std::span<const std::byte> datagram, std::uint32_t sequence,
                             const MessageHandler &handle);

// A socket for one exchange: opened in the calling thread's namespace, and it stays there.
class NetlinkSocket {
  public:
    enum class Outcome {
        complete,
        interrupted, // the replies may lack something; ask again with a new socket
    };

    // The socket, or errno. A protocol that the kernel lacks (NETLINK_NETFILTER) makes it load a module: ask
    // only for what is there.
    [[nodiscard]] static tl::expected<NetlinkSocket, int> open(int protocol = NETLINK_ROUTE);

    // Sends the request (the sequence number is set here) and hands each reply to the handler. errno if it
    // failed.
    [[nodiscard]] tl::expected<Outcome, int> exchange(nlmsghdr &request, const MessageHandler &handle);

  private:
    struct Close {
        void operator()(mnl_socket *socket) const { mnl_socket_close(socket); }
    };
    using Handle = std::unique_ptr<mnl_socket, Close>;

    explicit NetlinkSocket(Handle socket) : socket_(std::move(socket)) {}

    // The bytes of the next datagram, all of it however large; or errno.
    tl::expected<std::span<const std::byte>, int> receive();

    Handle socket_;
    std::uint32_t sequence_ = 0;
    std::vector<std::byte> buffer_;
};

} // namespace brpath
