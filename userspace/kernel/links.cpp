// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/links.hpp"

#include "kernel/link_messages.hpp"
#include "kernel/netlink.hpp"

#include <algorithm>
#include <array>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>

namespace brpath {

namespace {

// While devices come and go without a pause, more than half of the dumps of a large node are interrupted.
constexpr int tries_max = 30;

// Room for a request: the header, a family header, one attribute.
using RequestBuffer = std::array<std::byte, 128>;

nlmsghdr &put_request(RequestBuffer &buffer, std::uint16_t type, int flags, std::size_t family_header_size) {
    nlmsghdr *request = mnl_nlmsg_put_header(buffer.data());
    request->nlmsg_type = type;
    request->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    mnl_nlmsg_put_extra_header(request, family_header_size); // zeroes: AF_UNSPEC
    return *request;
}

tl::expected<NetlinkSocket::Outcome, int> ask_once(nlmsghdr &request, const MessageHandler &handle) {
    auto socket = NetlinkSocket::open();
    if (!socket)
        return tl::unexpected(socket.error());
    return socket->exchange(request, handle);
}

// All that parse() makes of the replies, from a dump that nothing changed meanwhile.
template <typename Item>
Result<std::vector<Item>> dump(nlmsghdr &request, const std::string &tried,
                               std::optional<Item> (*parse)(const nlmsghdr &)) {
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

} // namespace

Result<std::vector<Link>> list_links() {
    alignas(nlmsghdr) RequestBuffer buffer{};
    nlmsghdr &request = put_request(buffer, RTM_GETLINK, NLM_F_DUMP, sizeof(ifinfomsg));
    // A quarter of the work of a dump is summing up counters that nobody here reads.
    mnl_attr_put_u32(&request, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    return dump<Link>(request, "list network devices", parse_link);
}

Result<std::vector<std::string>> list_addresses() {
    alignas(nlmsghdr) RequestBuffer buffer{};
    auto addresses = dump<std::string>(put_request(buffer, RTM_GETADDR, NLM_F_DUMP, sizeof(ifaddrmsg)),
                                       "list network addresses", parse_address);
    if (!addresses)
        return addresses;
    // One address may be on several devices.
    std::ranges::sort(*addresses);
    addresses->erase(std::unique(addresses->begin(), addresses->end()), addresses->end());
    return addresses;
}

Result<std::optional<std::int32_t>> namespace_number(int namespace_fd) {
    alignas(nlmsghdr) RequestBuffer buffer{};
    nlmsghdr &request = put_request(buffer, RTM_GETNSID, 0, sizeof(rtgenmsg));
    mnl_attr_put_u32(&request, NETNSA_FD, static_cast<std::uint32_t>(namespace_fd));
    std::optional<std::int32_t> number;
    const auto outcome =
        ask_once(request, [&](const nlmsghdr &message) { number = parse_namespace_number(message); });
    if (!outcome)
        return fail_errno("ask for the number of a network namespace", outcome.error());
    return number;
}

} // namespace brpath
