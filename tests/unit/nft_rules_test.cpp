// SPDX-License-Identifier: BSD-2-Clause
// Messages of nf_tables made by hand, also cut and forged ones, each in an allocation of just its size.
#include "rules/nft_messages.hpp"

#include <arpa/inet.h>
#include <cstring>
#include <doctest/doctest.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>

using namespace brpath;

namespace {

using Bytes = std::vector<std::byte>;

Bytes operator+(Bytes left, const Bytes &right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

template <typename Part> Bytes as_bytes(const Part &part) {
    Bytes bytes(sizeof(part));
    std::memcpy(bytes.data(), &part, sizeof(part));
    return bytes;
}

Bytes attribute(int type, const Bytes &payload) {
    const nlattr header{static_cast<std::uint16_t>(sizeof(nlattr) + payload.size()),
                        static_cast<std::uint16_t>(type)};
    Bytes bytes = as_bytes(header) + payload;
    bytes.resize((bytes.size() + 3) & ~std::size_t{3});
    return bytes;
}

Bytes number(int type, std::uint32_t value) { return attribute(type, as_bytes(htonl(value))); }

Bytes text(int type, const std::string &value) {
    Bytes payload(value.size() + 1);
    std::memcpy(payload.data(), value.data(), value.size());
    return attribute(type, payload);
}

Bytes data(int type, const Value &value) {
    Bytes payload;
    for (const std::uint8_t byte : value)
        payload.push_back(std::byte{byte});
    return attribute(type, attribute(NFTA_DATA_VALUE, payload));
}

Bytes message(int type, const Bytes &attributes) {
    nlmsghdr header{};
    header.nlmsg_type = static_cast<std::uint16_t>((NFNL_SUBSYS_NFTABLES << 8) | type);
    return as_bytes(header) + as_bytes(nfgenmsg{NFPROTO_INET, 0, 0}) + attributes;
}

template <typename Parse> auto parsed(const Parse &parse, Bytes bytes) {
    bytes.shrink_to_fit();
    const auto length = static_cast<std::uint32_t>(bytes.size());
    std::memcpy(bytes.data(), &length, sizeof(length));
    return parse(*reinterpret_cast<const nlmsghdr *>(bytes.data()));
}

Bytes expression(const char *name, const Bytes &attributes) {
    return attribute(NFTA_LIST_ELEM, text(NFTA_EXPR_NAME, name) + attribute(NFTA_EXPR_DATA, attributes));
}

Bytes meta(std::uint32_t key, std::uint32_t to = NFT_REG_1) {
    return expression("meta", number(NFTA_META_KEY, key) + number(NFTA_META_DREG, to));
}

Bytes payload(std::uint32_t base, std::uint32_t offset, std::uint32_t size, std::uint32_t to = NFT_REG_1) {
    return expression("payload", number(NFTA_PAYLOAD_DREG, to) + number(NFTA_PAYLOAD_BASE, base) +
                                     number(NFTA_PAYLOAD_OFFSET, offset) + number(NFTA_PAYLOAD_LEN, size));
}

Bytes state() {
    return expression("ct", number(NFTA_CT_KEY, NFT_CT_STATE) + number(NFTA_CT_DREG, NFT_REG_1));
}

Bytes bitwise(const Value &mask, const Value &flip) {
    return expression("bitwise", number(NFTA_BITWISE_SREG, NFT_REG_1) + number(NFTA_BITWISE_DREG, NFT_REG_1) +
                                     data(NFTA_BITWISE_MASK, mask) + data(NFTA_BITWISE_XOR, flip));
}

Bytes cmp(std::uint32_t operation, const Value &value, std::uint32_t from = NFT_REG_1) {
    return expression("cmp", number(NFTA_CMP_SREG, from) + number(NFTA_CMP_OP, operation) +
                                 data(NFTA_CMP_DATA, value));
}

Bytes verdict_data(int type, int code, const std::string &chain = {}) {
    Bytes verdict = number(NFTA_VERDICT_CODE, static_cast<std::uint32_t>(code));
    if (!chain.empty())
        verdict = verdict + text(NFTA_VERDICT_CHAIN, chain);
    return attribute(type, attribute(NFTA_DATA_VERDICT, verdict));
}

Bytes verdict(int code, const std::string &chain = {}) {
    return expression("immediate", number(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT) +
                                       verdict_data(NFTA_IMMEDIATE_DATA, code, chain));
}

Bytes look_up(bool is_verdict) {
    Bytes attributes = text(NFTA_LOOKUP_SET, "s") + number(NFTA_LOOKUP_SREG, NFT_REG_1);
    if (is_verdict)
        attributes = attributes + number(NFTA_LOOKUP_DREG, NFT_REG_VERDICT);
    return expression("lookup", attributes);
}

Bytes rule_message(const Bytes &expressions) {
    return message(NFT_MSG_NEWRULE, text(NFTA_RULE_TABLE, "t") + text(NFTA_RULE_CHAIN, "f") +
                                        attribute(NFTA_RULE_EXPRESSIONS, expressions));
}

Bytes chain_message(std::uint32_t hook, const char *type) {
    return message(NFT_MSG_NEWCHAIN, text(NFTA_CHAIN_TABLE, "t") + text(NFTA_CHAIN_NAME, "f") +
                                         number(NFTA_CHAIN_POLICY, NF_DROP) + text(NFTA_CHAIN_TYPE, type) +
                                         attribute(NFTA_CHAIN_HOOK, number(NFTA_HOOK_HOOKNUM, hook) +
                                                                        number(NFTA_HOOK_PRIORITY, ~4U)));
}

Bytes element(const Value &key, int code) {
    return attribute(NFTA_LIST_ELEM, data(NFTA_SET_ELEM_KEY, key) + verdict_data(NFTA_SET_ELEM_DATA, code));
}

Bytes elements_message() {
    return message(NFT_MSG_NEWSETELEM,
                   attribute(NFTA_SET_ELEM_LIST_ELEMENTS,
                             element({1, 0, 0, 0}, NF_DROP) + element({2, 0, 0, 0}, NF_ACCEPT)));
}

// 10.1.0.5:40000 to 10.1.0.7:80 over cni0.
Judgement judgement(const Bytes &expressions) {
    const auto rule = parsed(parse_nft_rule, rule_message(expressions));
    REQUIRE(rule);
    Table table{.family = TableFamily::inet, .name = "t"};
    table.chains["f"] = {BaseChain{}, {rule->rule}};
    Question asked;
    asked.bridge = "cni0";
    asked.source = {10, 1, 0, 5};
    asked.destination = {10, 1, 0, 7};
    asked.protocol = 6;
    asked.source_port = 40000;
    asked.destination_port = 80;
    return judge({{table}}, asked).judgement;
}

const auto network = std::uint32_t{NFT_PAYLOAD_NETWORK_HEADER},
           transport = std::uint32_t{NFT_PAYLOAD_TRANSPORT_HEADER};

} // namespace

TEST_CASE("nft: what a rule asks and does") {
    const auto drops = Judgement::drops, may = Judgement::may_drop, passes = Judgement::passes;
    const Bytes drop = verdict(NF_DROP);
    const Bytes port = payload(transport, 2, 2), source = payload(network, 12, 4);
    const struct {
        const char *what;
        Bytes expressions;
        Judgement judgement;
    } cases[] = {
        {"a drop", drop, drops},
        {"an accept", verdict(NF_ACCEPT) + drop, passes},
        {"continue goes on", verdict(NFT_CONTINUE) + drop, drops},
        {"a reject", expression("reject", {}), drops},
        {"a queue", expression("queue", {}), may},
        {"a counter", expression("counter", {}) + drop, drops},
        {"something else", expression("limit", {}) + drop, may},
        {"an unknown chain", verdict(NFT_JUMP, "x"), may},
        {"the name", meta(NFT_META_IIFNAME) + cmp(NFT_CMP_EQ, {'c', 'n', 'i'}) + drop, drops},
        {"not the name", meta(NFT_META_OIFNAME) + cmp(NFT_CMP_NEQ, {'c', 'n', 'i'}) + drop, passes},
        {"IPv6", meta(NFT_META_NFPROTO) + cmp(NFT_CMP_EQ, {NFPROTO_IPV6}) + drop, passes},
        {"TCP", meta(NFT_META_L4PROTO) + cmp(NFT_CMP_EQ, {6}) + drop, drops},
        {"a mark", meta(NFT_META_MARK) + cmp(NFT_CMP_EQ, {1, 0, 0, 0}) + drop, may},
        {"a source", source + cmp(NFT_CMP_EQ, {10, 1, 0, 6}) + drop, passes},
        {"a prefix", source + bitwise({255, 255, 0, 0}, {0, 0, 0, 0}) + cmp(NFT_CMP_EQ, {10, 1, 0, 0}) + drop,
         drops},
        {"bits turned over",
         source + bitwise({255, 255, 0, 0}, {1, 0, 0, 0}) + cmp(NFT_CMP_EQ, {10, 1, 0, 0}) + drop, may},
        {"a port below", port + cmp(NFT_CMP_LT, {0, 80}) + drop, passes},
        {"a port up to", port + cmp(NFT_CMP_LTE, {0, 80}) + drop, drops},
        {"a port above", port + cmp(NFT_CMP_GT, {0, 80}) + drop, passes},
        {"a port from", port + cmp(NFT_CMP_GTE, {0, 80}) + drop, drops},
        {"a register without a value", cmp(NFT_CMP_EQ, {0, 80}) + drop, may},
        {"a register that does not exist",
         payload(network, 12, 4, 99) + cmp(NFT_CMP_EQ, {1, 1, 1, 1}, 99) + drop, may},
        {"the same register by its other number",
         payload(network, 12, 4, NFT_REG_1) + cmp(NFT_CMP_EQ, {10, 1, 0, 6}, NFT_REG32_00) + drop, passes},
        {"a register written over in part",
         meta(NFT_META_IIFNAME) + payload(network, 0, 4, NFT_REG32_01) + cmp(NFT_CMP_EQ, {'x'}) + drop, may},
        {"invalid", state() + bitwise({1, 0, 0, 0}, {0, 0, 0, 0}) + cmp(NFT_CMP_NEQ, {0, 0, 0, 0}) + drop,
         passes},
        {"established", state() + bitwise({2, 0, 0, 0}, {0, 0, 0, 0}) + cmp(NFT_CMP_NEQ, {0, 0, 0, 0}) + drop,
         may},
        {"a set", port + look_up(false) + drop, may},
        {"REJECT", expression("target", text(NFTA_TARGET_NAME, "REJECT")), drops},
        {"MARK", expression("target", text(NFTA_TARGET_NAME, "MARK")) + drop, drops},
        {"NFQUEUE", expression("target", text(NFTA_TARGET_NAME, "NFQUEUE")), may},
        {"comment", expression("match", text(NFTA_MATCH_NAME, "comment")) + drop, drops},
        {"physdev", expression("match", text(NFTA_MATCH_NAME, "physdev")) + drop, may},
        {"conntrack without its data", expression("match", text(NFTA_MATCH_NAME, "conntrack")) + drop, may},
    };
    for (const auto &test : cases) {
        CAPTURE(test.what);
        CHECK(judgement(test.expressions) == test.judgement);
    }
}

TEST_CASE("nft: the verdicts of a map, but for the invalid") {
    const auto by_state = parsed(parse_nft_rule, rule_message(state() + look_up(true)));
    REQUIRE(by_state);
    REQUIRE(by_state->verdict_map);
    CHECK(by_state->verdict_map->set == "s");
    CHECK(by_state->verdict_map->is_by_state);
    const auto by_port = parsed(parse_nft_rule, rule_message(payload(transport, 2, 2) + look_up(true)));
    REQUIRE(by_port);
    REQUIRE(by_port->verdict_map);
    CHECK_FALSE(by_port->verdict_map->is_by_state);
    const auto verdicts = [](bool is_by_state) {
        return parsed(
            [&](const nlmsghdr &found) {
                return parse_nft_verdicts(found, {"s", is_by_state});
            },
            elements_message());
    };
    REQUIRE(verdicts(true).size() == 1);
    CHECK(verdicts(true)[0].verdict == Verdict::accept);
    CHECK(verdicts(false).size() == 2);
}

namespace {

Bytes plain(const std::string &value) {
    Bytes bytes(value.size());
    std::memcpy(bytes.data(), value.data(), value.size());
    return bytes;
}

std::string comment_in(const Bytes &expressions, const Bytes &more = {}) {
    const auto rule = parsed(
        parse_nft_rule, message(NFT_MSG_NEWRULE, text(NFTA_RULE_TABLE, "t") + text(NFTA_RULE_CHAIN, "f") +
                                                     attribute(NFTA_RULE_EXPRESSIONS, expressions) + more));
    return rule ? rule->rule.comment : "no rule";
}

Bytes xt_comment(const Bytes &info) {
    return expression("match", text(NFTA_MATCH_NAME, "comment") + attribute(NFTA_MATCH_INFO, info));
}

Bytes notes(const Bytes &bytes) { return attribute(NFTA_RULE_USERDATA, bytes); }

} // namespace

TEST_CASE("nft: comments, by iptables' match and by nft's own notes") {
    Bytes padded = plain("shop/cart:http cluster IP");
    padded.resize(256);
    CHECK(comment_in(xt_comment(padded)) == "shop/cart:http cluster IP");
    CHECK(comment_in(xt_comment(Bytes(300, std::byte{'x'}))) == std::string(256, 'x'));
    CHECK(comment_in(xt_comment({})).empty());
    const std::string whole("\x01\x02zz\x00\x04hey\x00", 10);
    CHECK(comment_in({}, notes(plain(whole))) == "hey");
    CHECK(comment_in({}, notes(plain(whole.substr(0, 7)))) == "h");
    CHECK(comment_in({}, notes(plain(whole.substr(0, 5)))).empty());
    CHECK(comment_in({}, notes(plain(whole.substr(0, 3)))).empty());
    CHECK(comment_in({}).empty());
}

TEST_CASE("nft: what a rule does besides its verdict, and where its chain hangs") {
    const auto effect_of = [](const char *name, const Bytes &attributes = {}) {
        return parsed(parse_nft_rule, rule_message(expression(name, attributes)))->rule.effect;
    };
    CHECK(effect_of("nat") == Effect::translates);
    CHECK(effect_of("masq") == Effect::translates);
    CHECK(effect_of("redir") == Effect::none);
    CHECK(effect_of("notrack") == Effect::leaves_untracked);
    CHECK(effect_of("counter") == Effect::none);
    CHECK(effect_of("target", text(NFTA_TARGET_NAME, "DNAT")) == Effect::translates);
    CHECK(effect_of("target", text(NFTA_TARGET_NAME, "MARK")) == Effect::none);
    // CT with its flag, and without
    const auto with_flags = [](std::uint16_t flags) {
        return text(NFTA_TARGET_NAME, "CT") + attribute(NFTA_TARGET_INFO, as_bytes(flags));
    };
    CHECK(effect_of("target", with_flags(1)) == Effect::leaves_untracked);
    CHECK(effect_of("target", with_flags(0)) == Effect::none);
    const auto place_of = [](std::uint32_t hook, const char *type) {
        return parsed(parse_nft_chain, chain_message(hook, type))->base->place;
    };
    CHECK(place_of(NF_INET_PRE_ROUTING, "nat") == Place::before_routing);
    CHECK(place_of(NF_INET_PRE_ROUTING, "filter") == Place::before_routing);
    CHECK(place_of(NF_INET_POST_ROUTING, "nat") == Place::behind_routing);
    CHECK(place_of(NF_INET_FORWARD, "filter") == Place::forward);
}

TEST_CASE("nft: a map's elements, key and verdict") {
    const auto elements = parsed(parse_nft_elements, elements_message());
    REQUIRE(elements.size() == 2);
    CHECK(elements[1].key == Value{2, 0, 0, 0});
    CHECK(elements[1].verdict.verdict == Verdict::accept);
    CHECK(parsed(parse_nft_elements, rule_message({})).empty());
}

TEST_CASE("nft: chains, tables, generations") {
    const auto chain = parsed(parse_nft_chain, chain_message(NF_INET_FORWARD, "filter"));
    REQUIRE(chain);
    CHECK(chain->table == "t");
    CHECK(chain->name == "f");
    REQUIRE(chain->base);
    CHECK(chain->base->priority == -5);
    CHECK(chain->base->policy_drops);
    CHECK_FALSE(parsed(parse_nft_chain, chain_message(NF_INET_LOCAL_IN, "filter"))->base);
    CHECK_FALSE(parsed(parse_nft_chain, chain_message(NF_INET_FORWARD, "nat"))->base);
    CHECK_FALSE(parsed(parse_nft_rule, chain_message(NF_INET_FORWARD, "filter")));
    const auto table = parsed(
        parse_nft_table, message(NFT_MSG_NEWTABLE, text(NFTA_TABLE_NAME, "t") + number(NFTA_TABLE_FLAGS, 1)));
    REQUIRE(table);
    CHECK(table->is_dormant);
    CHECK_FALSE(parsed(parse_nft_table, message(NFT_MSG_NEWTABLE, {})));
    CHECK(parsed(parse_nft_generation, message(NFT_MSG_NEWGEN, number(NFTA_GEN_ID, 7))) == 7U);
}

TEST_CASE("nft: messages cut at each byte, and with each 16 bits forged, stay within their bounds") {
    const Bytes whole_messages[] = {
        rule_message(meta(NFT_META_IIFNAME) + cmp(NFT_CMP_EQ, {'c'}) + payload(network, 12, 4) +
                     bitwise({255, 0, 0, 0}, {0, 0, 0, 0}) + state() + look_up(true)),
        chain_message(NF_INET_FORWARD, "filter"), elements_message()};
    const auto parse_all = [](const Bytes &bytes) {
        (void)parsed(parse_nft_table, bytes);
        (void)parsed(parse_nft_chain, bytes);
        (void)parsed(parse_nft_rule, bytes);
        (void)parsed([](const nlmsghdr &found) { return parse_nft_verdicts(found, {"s", true}); }, bytes);
    };
    for (const Bytes &whole : whole_messages) {
        for (std::size_t size = sizeof(nlmsghdr); size < whole.size(); ++size)
            parse_all(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
        for (std::size_t at = sizeof(nlmsghdr); at + 2 <= whole.size(); at += 2)
            for (const int value : {0, 1, 3, 4, 5, 0x7fff, 0xffff}) {
                Bytes forged = whole;
                const auto length = static_cast<std::uint16_t>(value);
                std::memcpy(forged.data() + at, &length, sizeof(length));
                parse_all(forged);
            }
    }
}
