// SPDX-License-Identifier: BSD-2-Clause
// The names of Services from kube-proxy's rules: iptables' comments and places, nftables' maps.
#include "services/kube_service.hpp"

#include "rules/legacy_entries.hpp"
#include "rules/xt_decode.hpp"

#include <cstring>
#include <doctest/doctest.h>
#include <linux/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <span>

using namespace brpath;

namespace {

Match equals(Source source, std::uint32_t offset, Value value) {
    return {.source = source, .offset = offset, .first = value, .last = value};
}

const Match address4 = equals(Source::network_header, 16, {10, 96, 0, 10});
const Match address6 =
    equals(Source::network_header, 24, {0xfd, 0, 0, 0x96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10});
const Match port = equals(Source::transport_header, 2, {0x1f, 0x90});
const Match tcp = equals(Source::protocol, 0, {IPPROTO_TCP});

Rule rule(const std::string &comment, std::vector<Match> matches = {tcp, address4, port}) {
    return {std::move(matches), {}, comment};
}

// As the record of the only rule has it; "" if there is none.
std::string name(const std::string &comment) {
    const auto service = service_of_rule(rule(comment), KubePlace::services, false);
    return service ? service_records({*service}).front().name : "";
}

bool is_service(std::vector<Match> matches) {
    return service_of_rule(rule("shop/cart:http", std::move(matches)), KubePlace::services, false)
        .has_value();
}

bool is_node_port(std::vector<Match> matches) {
    return service_of_rule(rule("shop/cart:http", std::move(matches)), KubePlace::node_ports, false)
        .has_value();
}

Match with(Match match, void (*change)(Match &)) {
    change(match);
    return match;
}

NftElement element(const char *chain, Value key) { return {std::move(key), {Verdict::go_to, chain}}; }

const Value key4 = {10, 96, 0, 53, IPPROTO_UDP, 0, 0, 0, 0, 53, 0, 0};

std::string chain_name(const char *chain) {
    const auto service = service_of_element(element(chain, key4), KubePlace::services, false);
    return service ? service_records({*service}).front().name : "";
}

} // namespace

TEST_CASE("services: what a comment of kube-proxy names") {
    const struct {
        const char *comment;
        const char *name;
    } cases[] = {
        {"shop/cart:http cluster IP", "shop/cart:http"},
        {"shop/cart:http loadbalancer IP", "shop/cart:http"},
        {"shop/cart:http external IP", "shop/cart:http"},
        {"shop/cart:http", "shop/cart:http"},
        {"shop/cart cluster IP", "shop/cart:8080"},
        {"shop/cart: cluster IP", "shop/cart:8080"},
        {"kubernetes service nodeports; NOTE: this must be the last rule in this chain", ""},
        {"", ""},
        {" ", ""},
        {"/", ""},
        {"/cart:http cluster IP", ""},
        {"shop/ cluster IP", ""},
        {"shop/:http cluster IP", ""},
        {"shop/cart/x:http", ""},
        {"shop/cart:\x1b[31mhttp\n cluster IP", "shop/cart:?[31mhttp?"},
        {"shop/c\xff\xfe:http", "shop/c??:http"},
    };
    for (const auto &test : cases) {
        CAPTURE(test.comment);
        CHECK(name(test.comment) == test.name);
    }
    CHECK(name("a/" + std::string(254, 'x')) == "a/" + std::string(254, 'x') + ":8080");
}

TEST_CASE("services: a rule's address, port and protocol") {
    const auto four = service_of_rule(rule("shop/cart:http cluster IP"), KubePlace::services, false);
    CHECK(four == KubeService{"shop/cart", "http", "10.96.0.10", 8080, IPPROTO_TCP});
    const auto six = service_of_rule(
        rule("shop/cart:http cluster IP", {equals(Source::protocol, 0, {IPPROTO_UDP}), address6, port}),
        KubePlace::services, true);
    CHECK(six == KubeService{"shop/cart", "http", "fd00:96::10", 8080, IPPROTO_UDP});
    const auto node = service_of_rule(rule("shop/cart:http", {tcp, port}), KubePlace::node_ports, false);
    CHECK(node == KubeService{"shop/cart", "http", "", 8080, IPPROTO_TCP});
    const auto old = service_of_rule(
        rule("shop/cart:http", {equals(Source::network_header, 9, {IPPROTO_TCP}), address4, port}),
        KubePlace::services, false);
    CHECK(old == four);
}

TEST_CASE("services: only rules for one address and port are of a Service") {
    const Match wide = with(address4, [](Match &match) { match.mask = {255, 255, 255, 0}; });
    const Match whole = with(address4, [](Match &match) { match.mask = Value(4, 255); });
    const Match negated = with(address4, [](Match &match) { match.is_negated = true; });
    const Match ports = with(port, [](Match &match) { match.last = {0x1f, 0x91}; });
    CHECK(is_service({tcp, address4, port}));
    CHECK(is_service({tcp, whole, port, Match{}, equals(Source::network_header, 12, {1, 2, 3, 4})}));
    CHECK_FALSE(is_service({tcp, wide, port}));
    CHECK_FALSE(is_service({tcp, negated, port}));
    CHECK_FALSE(is_service({tcp, address4, address4, port}));
    CHECK_FALSE(is_service({tcp, address6, port}));
    CHECK_FALSE(is_service({tcp, equals(Source::network_header, 16, {10, 96}), port}));
    CHECK_FALSE(is_service({tcp, port}));
    CHECK_FALSE(is_service({tcp, address4}));
    CHECK_FALSE(is_service({tcp, address4, ports}));
    CHECK_FALSE(is_service({address4, port}));
    CHECK(is_node_port({tcp, port}));
    CHECK_FALSE(is_node_port({tcp, address4, port}));
    CHECK_FALSE(is_node_port({tcp, wide, port}));
}

TEST_CASE("services: what an element of kube-proxy's maps names") {
    const struct {
        const char *chain;
        const char *name;
    } cases[] = {
        {"service-NWBZK7IH-kube-system/kube-dns/udp/dns", "kube-system/kube-dns:dns"},
        {"external-NWBZK7IH-kube-system/kube-dns/udp/dns-tcp", "kube-system/kube-dns:dns-tcp"},
        {"service-2QRHZV4L-default/kubernetes/tcp/", "default/kubernetes:53"},
        {"reject-chain", ""},
        {"", ""},
        {"service-NWBZK7IH-", ""},
        {"service-NWBZK7IH-a/b/udp", ""},
        {"service-NWBZK7IH-a/b/udp/c/d", ""},
        {"service-NWBZK7IH-/b/udp/c", ""},
        {"service-NWBZK7IH-a//udp/c", ""},
        {"service-NWBZK7I-a/b/udp/c", ""},
        {"service-NWBZK7IH-a/b\x1b/udp/c", "a/b?:c"},
    };
    for (const auto &test : cases) {
        CAPTURE(test.chain);
        CHECK(chain_name(test.chain) == test.name);
    }
}

TEST_CASE("services: an element's address, port and protocol, and keys of other sizes") {
    const char *chain = "service-NWBZK7IH-kube-system/kube-dns/udp/dns";
    const KubeService dns{"kube-system/kube-dns", "dns", "10.96.0.53", 53, IPPROTO_UDP};
    CHECK(service_of_element(element(chain, key4), KubePlace::services, false) == dns);
    Value key6(24);
    key6[0] = 0xfd, key6[15] = 1, key6[16] = IPPROTO_SCTP, key6[20] = 1, key6[21] = 0xbb;
    CHECK(service_of_element(element(chain, key6), KubePlace::services, true) ==
          KubeService{"kube-system/kube-dns", "dns", "fd00::1", 443, IPPROTO_SCTP});
    CHECK(service_of_element(element(chain, {6, 0, 0, 0, 0x75, 0x30, 0, 0}), KubePlace::node_ports, true) ==
          KubeService{"kube-system/kube-dns", "dns", "", 30000, IPPROTO_TCP});
    for (std::size_t size = 0; size < 40; ++size) {
        const NftElement cut = element(chain, Value(size));
        CHECK(service_of_element(cut, KubePlace::services, false).has_value() == (size == 12));
        CHECK(service_of_element(cut, KubePlace::services, true).has_value() == (size == 24));
        CHECK(service_of_element(cut, KubePlace::node_ports, false).has_value() == (size == 8));
    }
}

TEST_CASE("services: the records") {
    const auto records = service_records({
        {"shop/web", "", "", 30080, IPPROTO_TCP},
        {"shop/web", "", "10.96.0.9", 80, IPPROTO_TCP},
        {"shop/web", "", "10.96.0.9", 80, IPPROTO_TCP},  // as older kube-proxies say it twice
        {"other/web", "", "10.96.0.9", 80, IPPROTO_TCP}, // the first one is what the kernel would take
        {"shop/web", "", "10.96.0.9", 80, IPPROTO_UDP},
        {"shop/cart", "", "", 30090, IPPROTO_TCP},
    });
    const std::vector<ServiceRecord> expected = {{"shop/web:80", "", 30080, IPPROTO_TCP},
                                                 {"shop/cart:30090", "", 30090, IPPROTO_TCP},
                                                 {"shop/web:80", "10.96.0.9", 80, IPPROTO_TCP},
                                                 {"shop/web:80", "10.96.0.9", 80, IPPROTO_UDP}};
    CHECK(records == expected);
    CHECK(service_records({}).empty());
}

namespace {

using Bytes = std::vector<std::byte>;

template <typename Part> void append(Bytes &bytes, const Part &part) {
    const auto *begin = reinterpret_cast<const std::byte *>(&part);
    bytes.insert(bytes.end(), begin, begin + sizeof(part));
}

// What ip6tables-legacy writes for a Service in KUBE-SERVICES, behind the entry with the chain's name.
Bytes legacy_bytes() {
    Bytes bytes;
    ip6t_entry head{};
    xt_error_target error{};
    head.target_offset = sizeof(head);
    head.next_offset = sizeof(head) + sizeof(error);
    std::strcpy(error.target.u.user.name, XT_ERROR_TARGET);
    std::strcpy(error.errorname, "KUBE-SERVICES");
    append(bytes, head);
    append(bytes, error);

    constexpr std::size_t comment_size = sizeof(xt_entry_match) + sizeof(xt_comment_info);
    const std::uint16_t ports[] = {0, 0xffff, 80, 80}; // of struct xt_udp, and what is inverted
    constexpr std::size_t udp_size = sizeof(xt_entry_match) + sizeof(ports) + 8;
    ip6t_entry entry{};
    std::memcpy(&entry.ipv6.dst, address6.first.data(), sizeof(entry.ipv6.dst));
    std::memset(&entry.ipv6.dmsk, 0xff, sizeof(entry.ipv6.dmsk));
    entry.ipv6.proto = IPPROTO_UDP;
    entry.ipv6.flags = IP6T_F_PROTO;
    entry.target_offset = sizeof(entry) + comment_size + udp_size;
    entry.next_offset = static_cast<std::uint16_t>(entry.target_offset + sizeof(xt_standard_target));
    append(bytes, entry);

    xt_entry_match match{};
    std::strcpy(match.u.user.name, "comment");
    match.u.match_size = comment_size;
    append(bytes, match);
    xt_comment_info comment{};
    std::strcpy(comment.comment, "shop/cart:http cluster IP");
    append(bytes, comment);
    std::strcpy(match.u.user.name, "udp");
    match.u.match_size = udp_size;
    append(bytes, match);
    append(bytes, ports);
    append(bytes, std::uint64_t{0});
    append(bytes, xt_standard_target{});
    return bytes;
}

} // namespace

TEST_CASE("services: a rule of the older ip6tables") {
    const Bytes bytes = legacy_bytes();
    const auto entries = read_legacy_entries(bytes, true);
    REQUIRE(entries);
    REQUIRE(entries->size() == 2);
    CHECK(chain_behind((*entries)[0]) == "KUBE-SERVICES");
    CHECK_FALSE(chain_behind((*entries)[1]));
    const LegacyEntry &entry = (*entries)[1];
    CHECK(service_of_rule({entry.matches, {}, entry.comment}, KubePlace::services, true) ==
          KubeService{"shop/cart", "http", "fd00:96::10", 80, IPPROTO_UDP});
}

TEST_CASE("services: entries of the older ip6tables, cut and forged, stay within their bounds") {
    const Bytes whole = legacy_bytes();
    const auto read = [](Bytes bytes) {
        bytes.shrink_to_fit();
        const auto entries = read_legacy_entries(bytes, true);
        for (const LegacyEntry &entry : entries.value_or(std::vector<LegacyEntry>{})) {
            (void)chain_behind(entry);
            (void)service_of_rule({entry.matches, {}, entry.comment}, KubePlace::services, true);
        }
        return entries.has_value();
    };
    CHECK(read(whole));
    for (std::size_t size = 1; size < whole.size(); ++size)
        (void)read(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    for (std::size_t at = 0; at + 2 <= whole.size(); at += 2)
        for (const int value : {0, 1, 8, 0x7fff, 0xffff}) {
            Bytes forged = whole;
            const auto number = static_cast<std::uint16_t>(value);
            std::memcpy(forged.data() + at, &number, sizeof(number));
            (void)read(forged);
        }
}
