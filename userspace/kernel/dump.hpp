// SPDX-License-Identifier: BSD-2-Clause
// Lists of rtnetlink, whole.
#pragma once

#include "kernel/netlink.hpp"
#include "util/result.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace brpath {

// Room for a request: the header, a family header, one attribute.
using RequestBuffer = std::array<std::byte, 128>;

// A request with a family header of zeroes (AF_UNSPEC), in the buffer, which has to be aligned as nlmsghdr
// is.
inline nlmsghdr &put_request(RequestBuffer &buffer, std::uint16_t type, int flags,
                             std::size_t family_header_size) {
    nlmsghdr *request = mnl_nlmsg_put_header(buffer.data());
    request->nlmsg_type = type;
    request->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    mnl_nlmsg_put_extra_header(request, family_header_size);
    return *request;
}

inline tl::expected<NetlinkSocket::Outcome, int> ask_once(nlmsghdr &request, const MessageHandler &handle) {
    auto socket = NetlinkSocket::open();
    if (!socket)
        return tl::unexpected(socket.error());
    return socket->exchange(request, handle);
}

// All that parse() makes of the replies, from a dump that nothing changed meanwhile.
template <typename Item>
Result<std::vector<Item>> dump(nlmsghdr &request, const std::string &tried,
                               std::optional<Item> (*parse)(const nlmsghdr &)) {
    // While devices come and go without a pause, more than half of the dumps of a large node are interrupted.
    constexpr int tries_max = 30;

    for (int i = 0; i < tries_max; ++i) {
        std::vector<Item> items;
        const auto outcome = ask_once(request, [&](const nlmsghdr &message) {
            if (auto item = parse(message))
                items.push_back(std::move(*item));
        });
        if (!outcome)
            return fail_errno(tried, outcome.error());
        if (*outcome == NetlinkSocket::Outcome::complete)
            return items;
    }
    return fail(ErrorKind::failed, tried, "they changed each time while being listed", "try again");
}

} // namespace brpath
