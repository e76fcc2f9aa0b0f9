// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/links.hpp"

#include "kernel/dump.hpp"
#include "kernel/link_messages.hpp"

#include <algorithm>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>

namespace brpath {

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
