// SPDX-License-Identifier: BSD-2-Clause
#include "model/connections.hpp"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <utility>

namespace brpath {

namespace {

std::optional<Role> role_by_header(const brpath_flow_key &key, const brpath_flow &flow) {
    switch (key.proto) {
    case IPPROTO_TCP:
        if (!(flow.tcp_flags & TH_SYN))
            return std::nullopt;
        // or'ed over the flow: a client's later frames carry ACK, so only its SYN counter can tell
        return flow.tcp_syn != 0 ? Role::request : Role::reply;
    case IPPROTO_ICMP:
        if (flow.icmp_type == BRPATH_ICMP_UNKNOWN)
            return std::nullopt;
        if (flow.icmp_type == ICMP_ECHOREPLY)
            return Role::reply;
        return Role::request;
    case IPPROTO_ICMPV6:
        if (flow.icmp_type == BRPATH_ICMP_UNKNOWN)
            return std::nullopt;
        if (flow.icmp_type == ICMP6_ECHO_REPLY)
            return Role::reply;
        return Role::request;
    default:
        return std::nullopt;
    }
}

// A request that may be a conversation's first.
bool may_begin(const brpath_flow_key &key, const brpath_flow &flow) {
    return key.proto == IPPROTO_TCP ? flow.tcp_syn != 0
                                    : key.proto == IPPROTO_UDP || key.proto == IPPROTO_SCTP;
}

Tuple without_ports(Tuple tuple) {
    tuple.source_port = tuple.destination_port = 0;
    return tuple;
}

} // namespace

Role guess_role(const brpath_flow_key &key, const brpath_flow &flow) {
    if (flow.direction == BRPATH_DIR_ORIGINAL)
        return Role::request;
    if (flow.direction == BRPATH_DIR_REPLY)
        return Role::reply;
    if (const auto role = role_by_header(key, flow))
        return *role;
    return key.in.sport < key.in.dport ? Role::reply : Role::request;
}

std::shared_ptr<Connection> Connections::find(const Tuple &request) {
    if (const auto found = young_.find(request); found != young_.end())
        return found->second;
    if (const auto found = old_.find(request); found != old_.end()) {
        auto connection = found->second;
        remember(request, connection);
        return connection;
    }
    return nullptr;
}

void Connections::remember(const Tuple &request, const std::shared_ptr<Connection> &connection) {
    if (young_.size() >= capacity_) {
        old_ = std::move(young_);
        young_ = {};
    }
    young_[request] = connection;
}

// A later fragment has no ports: it goes the way of what else these two say to each other.
std::optional<Role> Connections::role_by_addresses(const Tuple &in) const {
    if (in.source_port || in.destination_port)
        return std::nullopt;
    if (clients_.contains(in))
        return Role::request;
    return clients_.contains(reversed(in)) ? std::optional(Role::reply) : std::nullopt;
}

void Connections::add(const std::shared_ptr<Connection> &connection) {
    if (clients_.size() >= capacity_)
        clients_.clear();
    clients_.insert(without_ports(connection->client_side));
    clients_.insert(without_ports(connection->server_side));
    remember(connection->client_side, connection);
    if (connection->is_translated())
        remember(connection->server_side, connection);
}

void Connections::learn(const Tuple &client_side, const Tuple &server_side) {
    if (const auto known = find(client_side); known && known->server_side == server_side)
        return;
    add(std::make_shared<Connection>(Connection{client_side, server_side, 0}));
}

// The client of a translated connection may answer the server's own address: with an RST or an ICMP error,
// never with a new conversation. If it begins one it has taken the same port again, for a direct one.
std::shared_ptr<Connection> Connections::find_untranslated(const Tuple &in, const brpath_flow_key &key,
                                                           const brpath_flow &flow) {
    auto connection = find(in);

    if (!connection || connection->client_side == in || key.port_in == 0)
        return connection; // egress carries the server's side of a translation that was made before
    if (!may_begin(key, flow))
        return connection;
    auto direct = std::make_shared<Connection>(Connection{in, in, 0});
    remember(in, direct);
    return direct;
}

std::optional<Conversation> Connections::find_known(const Tuple &in) {
    if (auto connection = find(in))
        return Conversation{std::move(connection), Role::request};
    if (auto connection = find(reversed(in)))
        return Conversation{std::move(connection), Role::reply};
    return std::nullopt;
}

Conversation Connections::find_or_make(const brpath_flow_key &key, const brpath_flow &flow) {
    const Tuple in = make_tuple(key.in, key);
    const Tuple out = key.translation ? make_tuple(flow.out, key) : in;

    if (in == out) {
        if (auto connection = find_untranslated(in, key, flow))
            return {std::move(connection), Role::request};
        if (auto connection = find(reversed(in)))
            return {std::move(connection), Role::reply};
    } else {
        if (auto connection = find(in); connection && connection->server_side == out) {
            // A direct conversation had the same ports in between; or it has them since, and this frame is
            // older and counted late.
            if (may_begin(key, flow) && find(out) != connection)
                remember(out, connection);
            return {std::move(connection), Role::request};
        }
        for (const auto &side : {reversed(in), reversed(out)})
            if (auto connection = find(side); connection && connection->client_side == reversed(out) &&
                                              connection->server_side == reversed(in))
                return {std::move(connection), Role::reply};
    }

    const Role role = role_by_addresses(in).value_or(guess_role(key, flow));
    // a request enters as the client sends it; a reply enters as the server sends it
    auto made = role == Role::request
                    ? std::make_shared<Connection>(Connection{in, out, 0})
                    : std::make_shared<Connection>(Connection{reversed(out), reversed(in), 0});

    add(made);
    return {std::move(made), role};
}

} // namespace brpath
