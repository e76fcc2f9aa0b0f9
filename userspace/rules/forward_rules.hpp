// SPDX-License-Identifier: BSD-2-Clause
// Rules as data, and what those of the IP FORWARD path would do with a frame. No input or output.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace brpath {

// What a match looks at. Bytes are as the kernel compares them: headers in network order, the index and the
// state of conntrack in the machine's own.
enum class Source {
    unknown,          // something that is not understood: the match may hold or not
    interface_name,   // of both sides, for both are the bridge; padded with NULs
    interface_index,  // 4 bytes
    family,           // NFPROTO_IPV4 or NFPROTO_IPV6
    ethertype,        // 2 bytes
    protocol,         // of layer 4
    conntrack_state,  // 4 bytes: one bit of nf_tables' NF_CT_STATE_*
    network_header,   // from `offset` on
    transport_header, // from `offset` on
};

using Value = std::vector<std::uint8_t>;

// first <= (what is looked at & mask) <= last, compared as memcmp() does; or just not so.
struct Match {
    Source source = Source::unknown;
    std::uint32_t offset = 0;
    Value mask{}; // empty: all bits
    Value first{};
    Value last{}; // as long as `first`
    bool is_negated = false;
};

enum class Verdict {
    accept,
    drop, // or reject
    jump,
    go_to,
    leave, // RETURN
    next,  // continue
    unknown,
};

struct Action {
    Verdict verdict = Verdict::unknown;
    std::string chain{}; // of the same table, for jump and go_to
};

// What a rule does besides its verdict.
enum class Effect {
    none,
    translates, // addresses: the destination's where it stands before routing, the source's behind it
    leaves_untracked,
};

struct Rule {
    std::vector<Match> matches{};  // all have to hold
    std::vector<Action> actions{}; // one of them happens; none is `next`
    std::string comment{};         // as its writer wrote it, not made printable
    Effect effect = Effect::none;
    bool is_iptables = false; // its effect was written in the way of iptables
};

enum class Place { forward, before_routing, behind_routing };

struct BaseChain {
    std::int32_t priority = 0; // lower ones come first
    bool policy_drops = false;
    Place place = Place::forward;
};

struct Chain {
    std::optional<BaseChain> base{}; // set if it hangs on a hook by itself
    std::vector<Rule> rules{};
};

enum class TableFamily { ip, ip6, inet };

struct Table {
    TableFamily family = TableFamily::ip;
    bool is_legacy = false; // not of nftables but of the older iptables
    std::string name{};
    std::map<std::string, Chain> chains{};
};

// Of whichever places were read.
struct ForwardRules {
    std::vector<Table> tables{};
};

// Where in its connection a frame stands.
enum class Phase {
    any,
    begins,  // the connection is new
    answers, // it is established
};

// A frame that crosses a bridge, as part of a new or an established connection.
struct Question {
    Phase phase = Phase::any;
    bool ipv6 = false;
    std::string bridge{};                  // it would be both the incoming and the outgoing device
    std::uint32_t bridge_index = 0;        // 0: not known
    bool has_addresses = true;             // false: they are not known
    std::array<std::uint8_t, 16> source{}; // IPv4 in the first four
    std::array<std::uint8_t, 16> destination{};
    std::uint8_t protocol = 0; // 0: not known; so with the ports
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
};

enum class Judgement { passes, may_drop, drops };

struct Judged {
    Judgement judgement = Judgement::passes;
    std::string rule{}; // what drops: "table ip filter, chain X, rule 7"; empty if nothing does. The names
                        // are as the kernel has them, not made printable.
};

// What the rules would do. A chain that is missing, or is in a loop or too deep, may drop.
Judged judge(const ForwardRules &rules, const Question &question);

} // namespace brpath
