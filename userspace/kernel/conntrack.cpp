// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/conntrack.hpp"

#include "kernel/conntrack_messages.hpp"
#include "kernel/netlink.hpp"
#include "kernel/symbols.hpp"

#include <arpa/inet.h>
#include <array>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

namespace brpath {

namespace {

// A socket of a protocol that nobody serves makes the kernel load nfnetlink (netlink_create), and a request
// to a subsystem that nobody serves makes it load conntrack's (nfnetlink_rcv_msg). Both functions are called
// through pointers, so that no compiler does away with them.
bool is_there() { return find_symbols({"nfnetlink_rcv", "ctnetlink_dump_table"}).size() == 2; }

// Room for the request: the header, a family header, two attributes.
using RequestBuffer = std::array<std::byte, 64>;

nlmsghdr &put_request(RequestBuffer &buffer, std::uint32_t status_required) {
    nlmsghdr *request = mnl_nlmsg_put_header(buffer.data());
    request->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    mnl_nlmsg_put_extra_header(request, sizeof(nfgenmsg)); // zeroes: AF_UNSPEC, NFNETLINK_V0
    if (status_required != 0) {                            // kernels before 5.15 pass over it
        mnl_attr_put_u32(request, CTA_STATUS, htonl(status_required));
        mnl_attr_put_u32(request, CTA_STATUS_MASK, htonl(status_required));
    }
    return *request;
}

} // namespace

Result<ConntrackListing> list_conntrack(std::uint32_t status_required, const ConntrackHandler &handle) {
    const std::string tried = "list the connections of conntrack";
    if (!is_there())
        return ConntrackListing::absent;
    auto socket = NetlinkSocket::open(NETLINK_NETFILTER);
    if (!socket)
        return fail_errno(tried, socket.error());
    alignas(nlmsghdr) RequestBuffer buffer{};
    const auto outcome = socket->exchange(put_request(buffer, status_required), [&](const nlmsghdr &message) {
        const auto entry = parse_conntrack(message);
        if (entry && (entry->status & status_required) == status_required)
            handle(*entry);
    });
    if (!outcome)
        return fail_errno(tried, outcome.error());
    return *outcome == NetlinkSocket::Outcome::complete ? ConntrackListing::complete
                                                        : ConntrackListing::interrupted;
}

} // namespace brpath
