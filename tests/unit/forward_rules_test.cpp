// SPDX-License-Identifier: BSD-2-Clause
// What rules would do with a frame: each case is a few chains and the judgement.
#include "rules/forward_rules.hpp"
#include "rules/legacy_table.hpp"
#include "rules/xt_decode.hpp"

#include <cstring>
#include <doctest/doctest.h>
#include <linux/in.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <span>

using namespace brpath;

namespace {

const std::vector<Match> always = {};
const std::vector<Match> perhaps = {Match{}};

Match equals(Source source, Value value, std::uint32_t offset = 0) {
    return {.source = source, .offset = offset, .first = value, .last = value};
}

Match negated(Match match) {
    match.is_negated = true;
    return match;
}

Match masked(Match match, Value mask) {
    match.mask = std::move(mask);
    return match;
}

Match state(std::uint8_t states) {
    return negated(masked(equals(Source::conntrack_state, {0, 0, 0, 0}), {states, 0, 0, 0}));
}

Match name(const char *text, std::size_t size) {
    return equals(Source::interface_name, Value(text, text + size));
}

// 10.1.0.5:40000 to 10.1.0.7:80 over cni0.
Question question() {
    Question asked;
    asked.bridge = "cni0";
    asked.bridge_index = 3;
    asked.source = {10, 1, 0, 5};
    asked.destination = {10, 1, 0, 7};
    asked.protocol = IPPROTO_TCP;
    asked.source_port = 40000;
    asked.destination_port = 80;
    return asked;
}

using Rules = std::vector<Rule>;

Table table(Rules forward, std::map<std::string, Chain> others = {}, bool policy_drops = false) {
    Table made{.name = "filter", .chains = std::move(others)};
    made.chains["FORWARD"] = {BaseChain{0, policy_drops}, std::move(forward)};
    return made;
}

Judged judged(const Table &made) { return judge({{made}}, question()); }

Judgement judged_in(Phase phase, const Table &made) {
    Question asked = question();
    asked.phase = phase;
    return judge({{made}}, asked).judgement;
}

const Action admit{Verdict::accept}, drop{Verdict::drop}, leave{Verdict::leave}, unknown{Verdict::unknown};
Action jump(const char *chain) { return {Verdict::jump, chain}; }
Action go_to(const char *chain) { return {Verdict::go_to, chain}; }
Chain chain(Rules rules) { return {{}, std::move(rules)}; }

} // namespace

TEST_CASE("a stateful firewall passes what it lets begin, in both directions") {
    const auto to_port = [](std::uint8_t port) { return equals(Source::transport_header, {0, port}, 2); };
    const Table firewall = table({{{state(2 | 4)}, {admit}}, {{to_port(80)}, {admit}}}, {},
                                 true); // established, related; policy drop
    CHECK(judged_in(Phase::begins, firewall) == Judgement::passes);
    CHECK(judged_in(Phase::answers, firewall) == Judgement::passes);
    const Table strict = table({{{state(2 | 4)}, {admit}}, {{to_port(22)}, {admit}}}, {}, true);
    CHECK(judged_in(Phase::begins, strict) == Judgement::drops);
    CHECK(judged_in(Phase::answers, strict) == Judgement::passes);
    CHECK(judged_in(Phase::any, strict) == Judgement::may_drop);
}

TEST_CASE("forward rules: when a match holds") {
    const Source network = Source::network_header, transport = Source::transport_header;
    const auto drops = Judgement::drops, may = Judgement::may_drop, passes = Judgement::passes;
    const struct {
        const char *what;
        Match match;
        Judgement judgement;
    } cases[] = {
        {"not understood", Match{}, may},
        {"the bridge", name("cni0\0", 5), drops},
        {"its beginning", name("cni", 3), drops},
        {"a shorter name", name("cni\0", 4), passes},
        {"another name", name("eth0\0", 5), passes},
        {"not another name", negated(name("eth0\0", 5)), drops},
        {"the index", equals(Source::interface_index, {3, 0, 0, 0}), drops},
        {"another index", equals(Source::interface_index, {4, 0, 0, 0}), passes},
        {"the family", equals(Source::family, {2}), drops},
        {"the other family", equals(Source::family, {10}), passes},
        {"the protocol", equals(Source::protocol, {6}), drops},
        {"another protocol", equals(Source::protocol, {17}), passes},
        {"the source", equals(network, {10, 1, 0, 5}, 12), drops},
        {"not the source", negated(equals(network, {10, 1, 0, 5}, 12)), passes},
        {"a prefix", masked(equals(network, {10, 1, 0, 0}, 16), {255, 255, 255, 0}), drops},
        {"another prefix", masked(equals(network, {10, 2, 0, 0}, 16), {255, 255, 0, 0}), passes},
        {"both addresses at once", equals(network, {10, 1, 0, 5, 10, 1, 0, 7}, 12), drops},
        {"the type of service", equals(network, {0}, 1), may},
        {"beyond what is known", equals(transport, {0}, 13), may},
        {"at an offset that cannot be", equals(transport, {0}, 0xffffffff), may},
        {"the port", equals(transport, {0, 80}, 2), drops},
        {"another port", equals(transport, {1, 187}, 2), passes},
        {"a range", {.source = transport, .offset = 2, .first = {0, 70}, .last = {0, 80}}, drops},
        {"a range below", {.source = transport, .offset = 2, .first = {0, 70}, .last = {0, 79}}, passes},
        {"invalid", state(1), passes},
        {"established", state(2), may},
        {"established, related", state(6), may},
        {"new", state(8), may},
        {"all but invalid", state(14), drops},
        {"not invalid", negated(masked(equals(Source::conntrack_state, {1, 0, 0, 0}), {1, 0, 0, 0})), drops},
    };
    for (const auto &test : cases) {
        CAPTURE(test.what);
        CHECK(judged(table({{{test.match}, {drop}}})).judgement == test.judgement);
    }
}

TEST_CASE("forward rules: what is not known may be anything") {
    Question bare;
    bare.source = question().source;
    for (const Match &match : {name("cni0\0", 5), equals(Source::interface_index, {3, 0, 0, 0}),
                               equals(Source::protocol, {6}), equals(Source::transport_header, {0, 80}, 2)})
        CHECK(judge({{table({{{match}, {drop}}})}}, bare).judgement == Judgement::may_drop);
    Question echo = question();
    echo.protocol = IPPROTO_ICMP;
    CHECK_MESSAGE(
        judge({{table({{{equals(Source::transport_header, {0, 80}, 2)}, {drop}}})}}, echo).judgement ==
            Judgement::may_drop,
        "ICMP has no ports");
}

TEST_CASE("forward rules: the way through the chains") {
    const auto drops = Judgement::drops, may = Judgement::may_drop, passes = Judgement::passes;
    const char *const first = "table ip filter, chain FORWARD, rule 1";
    const char *const second = "table ip filter, chain FORWARD, rule 2";
    const char *const policy = "table ip filter, chain FORWARD, policy";
    const char *const in_x = "table ip filter, chain X, rule 1";
    const struct {
        const char *what;
        Table rules;
        Judgement judgement;
        const char *rule;
    } cases[] = {
        {"no rule", table({}), passes, ""},
        {"the policy", table({}, {}, true), drops, policy},
        {"a drop", table({{always, {}}, {always, {drop}}}), drops, second},
        {"an accept before", table({{always, {admit}}, {always, {drop}}}), passes, ""},
        {"an accept before the policy", table({{always, {admit}}}, {}, true), passes, ""},
        {"an accept perhaps", table({{perhaps, {admit}}, {always, {drop}}}), may, second},
        {"an accept perhaps before the policy", table({{perhaps, {admit}}}, {}, true), may, policy},
        {"a drop perhaps", table({{perhaps, {drop}}}), may, first},
        {"a drop perhaps, then for sure", table({{perhaps, {drop}}, {always, {drop}}}), drops, second},
        {"a target that is not understood", table({{always, {unknown}}}), may, first},
        {"several verdicts", table({{perhaps, {admit, drop}}}), may, first},
        {"a jump", table({{always, {jump("X")}}}, {{"X", chain({{always, {drop}}})}}), drops, in_x},
        {"a jump perhaps", table({{perhaps, {jump("X")}}}, {{"X", chain({{always, {drop}}})}}), may, in_x},
        {"a jump and back", table({{always, {jump("X")}}, {always, {drop}}}, {{"X", chain({})}}), drops,
         second},
        {"a jump and RETURN",
         table({{always, {jump("X")}}, {always, {admit}}},
               {{"X", chain({{always, {leave}}, {always, {drop}}})}}),
         passes, ""},
        {"a jump that accepts",
         table({{always, {jump("X")}}, {always, {drop}}}, {{"X", chain({{always, {admit}}})}}), passes, ""},
        {"a goto does not come back", table({{always, {go_to("X")}}, {always, {drop}}}, {{"X", chain({})}}),
         passes, ""},
        {"a goto and the policy", table({{always, {go_to("X")}}}, {{"X", chain({})}}, true), drops, policy},
        {"RETURN and the policy", table({{always, {leave}}}, {}, true), drops, policy},
        {"no such chain", table({{always, {jump("X")}}}), may, first},
        {"a loop", table({{always, {jump("X")}}}, {{"X", chain({{always, {jump("X")}}})}}), may, in_x},
    };
    for (const auto &test : cases) {
        CAPTURE(test.what);
        const Judged result = judged(test.rules);
        CHECK(result.judgement == test.judgement);
        CHECK(result.rule == test.rule);
    }
}

TEST_CASE("forward rules: many ways and deep ones end") {
    std::map<std::string, Chain> chains;
    for (int i = 0; i < 300; ++i)
        chains["c" + std::to_string(i)] =
            chain(Rules(3, Rule{perhaps, {{Verdict::jump, "c" + std::to_string(i + 1)}}}));
    CHECK(judged(table({{always, {jump("c0")}}}, chains)).judgement == Judgement::may_drop);
}

TEST_CASE("forward rules: several tables") {
    const Table accepts = table({{always, {admit}}});
    Table late = table({{always, {drop}}});
    late.family = TableFamily::inet;
    late.name = "late";
    late.chains["FORWARD"].base->priority = 10;
    CHECK(judge({{late, accepts}}, question()).rule == "table inet late, chain FORWARD, rule 1");

    const Table early = table({{perhaps, {drop}}});
    CHECK_MESSAGE(judge({{late, early}}, question()).judgement == Judgement::drops, "one way or the other");
    Table other = late;
    other.family = TableFamily::ip6;
    CHECK(judge({{other}}, question()).judgement == Judgement::passes);
    Question asked = question();
    asked.ipv6 = true;
    CHECK(judge({{other}}, asked).judgement == Judgement::drops);
    CHECK(judge({{table({{always, {drop}}})}}, asked).judgement == Judgement::passes);
}

TEST_CASE("forward rules: iptables' match of the state") {
    xt_conntrack_mtinfo3 info{};
    info.match_flags = XT_CONNTRACK_STATE;
    info.state_mask = XT_CONNTRACK_STATE_INVALID;
    const auto judgement = [&](std::size_t size) {
        const auto bytes = std::as_bytes(std::span(&info, 1)).first(size);
        return judged(table({{decode_xt_match("conntrack", 3, bytes), {drop}}})).judgement;
    };
    CHECK(judgement(sizeof(info)) == Judgement::passes);
    CHECK(judgement(sizeof(info) - 1) == Judgement::may_drop);
    info.invert_flags = XT_CONNTRACK_STATE;
    CHECK(judgement(sizeof(info)) == Judgement::drops);
    info.match_flags = XT_CONNTRACK_STATE | XT_CONNTRACK_PROTO;
    CHECK(judgement(sizeof(info)) == Judgement::may_drop);
    CHECK(decode_xt_match("comment", 0, {}).empty());
    CHECK(decode_xt_match("set", 4, {}).size() == 1);
}

TEST_CASE("forward rules: iptables' match of SCTP ports") {
    std::vector<std::uint16_t> info(
        146); // first to last destination port, source port; then chunks; then flags
    info[0] = info[1] = 80;
    const auto decoded = [&](std::uint16_t flags, std::uint16_t inverted) {
        info[142] = flags;
        info[144] = inverted;
        return decode_xt_match("sctp", 0, std::as_bytes(std::span(info)));
    };
    CHECK(decoded(0, 0).empty());
    const auto matches = decoded(2, 0);
    REQUIRE(matches.size() == 1);
    CHECK(matches[0].source == Source::transport_header);
    CHECK(matches[0].offset == 2);
    CHECK(matches[0].first == Value{0, 80});
    CHECK(matches[0].last == Value{0, 80});
    CHECK_FALSE(matches[0].is_negated);
    CHECK(decoded(2, 2)[0].is_negated);
    CHECK(decoded(4, 0)[0].source == Source::unknown); // of chunks
    info.pop_back();
    CHECK(decoded(2, 0)[0].source == Source::unknown);
}

namespace {

using Bytes = std::vector<std::byte>;

template <typename Part> void append(Bytes &bytes, const Part &part) {
    const auto *begin = reinterpret_cast<const std::byte *>(&part);
    bytes.insert(bytes.end(), begin, begin + sizeof(part));
}

constexpr std::size_t standard_size = sizeof(ipt_entry) + sizeof(xt_standard_target);
constexpr std::size_t error_size = sizeof(ipt_entry) + sizeof(xt_error_target);

ipt_entry entry_of(std::size_t size) {
    ipt_entry entry{};
    entry.target_offset = sizeof(ipt_entry);
    entry.next_offset = static_cast<std::uint16_t>(size);
    return entry;
}

void add_standard(Bytes &bytes, int verdict, std::uint8_t protocol = 0) {
    ipt_entry entry = entry_of(standard_size);
    entry.ip.proto = protocol;
    append(bytes, entry);
    xt_standard_target target{};
    target.target.u.user.target_size = sizeof(target);
    target.verdict = verdict;
    append(bytes, target);
}

void add_error(Bytes &bytes, const char *text) {
    append(bytes, entry_of(error_size));
    xt_error_target target{};
    std::strcpy(target.target.u.user.name, XT_ERROR_TARGET);
    std::strcpy(target.errorname, text);
    append(bytes, target);
}

// FORWARD: TCP to the chain X, which drops; the policy accepts.
Bytes legacy_entries() {
    Bytes bytes;
    add_standard(bytes, static_cast<int>(2 * standard_size + error_size), IPPROTO_TCP);
    add_standard(bytes, -NF_ACCEPT - 1);
    add_error(bytes, "X");
    add_standard(bytes, -NF_DROP - 1);
    add_standard(bytes, XT_RETURN);
    add_error(bytes, "ERROR");
    return bytes;
}

std::optional<Table> parsed(Bytes bytes) {
    bytes.shrink_to_fit();
    return parse_legacy_table(bytes, false, {0, standard_size});
}

} // namespace

TEST_CASE("forward rules: a table of the older iptables") {
    const auto made = parsed(legacy_entries());
    REQUIRE(made);
    const Judged result = judged(*made);
    CHECK(result.judgement == Judgement::drops);
    CHECK(result.rule == "table ip filter (legacy), chain X, rule 1");
    Question asked = question();
    asked.protocol = IPPROTO_UDP;
    CHECK(judge({{*made}}, asked).judgement == Judgement::passes);
}

TEST_CASE("forward rules: older tables cut and forged stay within their bounds") {
    const Bytes whole = legacy_entries();
    for (std::size_t size = 0; size < whole.size(); ++size)
        (void)parsed(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    CHECK_FALSE(parsed({}));
    CHECK_FALSE(parsed(Bytes(whole.begin(), whole.end() - 1)));
    for (std::size_t at = 0; at + 2 <= whole.size(); at += 2)
        for (const int value : {0, 1, 8, 0x7fff, 0xffff}) {
            Bytes forged = whole;
            const auto number = static_cast<std::uint16_t>(value);
            std::memcpy(forged.data() + at, &number, sizeof(number));
            if (const auto made = parsed(forged))
                (void)judged(*made);
        }
}
