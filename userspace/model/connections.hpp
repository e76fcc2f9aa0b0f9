// SPDX-License-Identifier: BSD-2-Clause
// Which frames belong to one conversation, who began it, and what translation it goes through.
#pragma once

#include "model/address.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace brpath {

enum class Role : std::uint8_t { request, reply };

// A conversation. `client_side` is the request's header as the client sends it, `server_side` as the server
// receives it; they differ exactly if it is translated.
struct Connection {
    Tuple client_side;
    Tuple server_side;
    std::uint64_t syns = 0; // requests with SYN and without ACK

    [[nodiscard]] bool is_translated() const { return client_side != server_side; }
    // The destination differs: the client meant another address than the one that answers.
    [[nodiscard]] bool has_service() const {
        return client_side.destination != server_side.destination ||
               client_side.destination_port != server_side.destination_port;
    }
};

struct Conversation {
    std::shared_ptr<Connection> connection;
    Role role;
};

// Remembers at most 2 x capacity tuples: when a generation is full the one before it is forgotten, and a
// tuple that is seen again moves into the new one. What is forgotten is learned again from the next frame,
// except a translation, which needs a request.
class Connections {
  public:
    explicit Connections(std::size_t capacity = 131072) : capacity_(capacity) {}

    // The conversation that a flow belongs to; made if it is new.
    Conversation find_or_make(const brpath_flow_key &key, const brpath_flow &flow);

    // The conversation with this header, if there is one.
    std::optional<Conversation> find_known(const Tuple &in);

    // A connection's request is `client_side` here and `server_side` where the server sees it.
    void learn(const Tuple &client_side, const Tuple &server_side);

    // Tuples remembered now.
    [[nodiscard]] std::size_t size() const { return young_.size() + old_.size(); }

  private:
    using Map = std::unordered_map<Tuple, std::shared_ptr<Connection>, TupleHash>;

    std::shared_ptr<Connection> find(const Tuple &request);
    std::shared_ptr<Connection> find_untranslated(const Tuple &in, const brpath_flow_key &key,
                                                  const brpath_flow &flow);
    void remember(const Tuple &request, const std::shared_ptr<Connection> &connection);
    void add(const std::shared_ptr<Connection> &connection);
    [[nodiscard]] std::optional<Role> role_by_addresses(const Tuple &in) const;

    std::size_t capacity_;
    Map young_; // by client side and by server side
    Map old_;
    std::unordered_set<Tuple, TupleHash> clients_; // without ports, from a client to a server
};

// Who began, from one flow alone. Conntrack's direction first, then SYN and echo request, then the lower port
// as the server's; at last the flow seen first is the request.
Role guess_role(const brpath_flow_key &key, const brpath_flow &flow);

} // namespace brpath
