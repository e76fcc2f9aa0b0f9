// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/routes.hpp"

#include "kernel/dump.hpp"
#include "kernel/route_messages.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace brpath {

Result<std::vector<Route>> list_routes() {
    alignas(nlmsghdr) RequestBuffer buffer{};
    return dump<Route>(put_request(buffer, RTM_GETROUTE, NLM_F_DUMP, sizeof(rtmsg)), "list routes",
                       parse_route);
}

Result<std::vector<NeighbourEntry>> list_neighbours(NeighbourTable table) {
    alignas(nlmsghdr) RequestBuffer buffer{};
    nlmsghdr &request = put_request(buffer, RTM_GETNEIGH, NLM_F_DUMP, sizeof(ndmsg));
    if (table == NeighbourTable::forwarding)
        static_cast<ndmsg *>(mnl_nlmsg_get_payload(&request))->ndm_family = AF_BRIDGE;
    return dump<NeighbourEntry>(request, "list neighbours", parse_neighbour);
}

} // namespace brpath
