// SPDX-License-Identifier: BSD-2-Clause
// Which rules the frames of a bridge may come to: each case is a few chains before or behind routing.
#include "doctor/translation.hpp"
#include "rules/survey.hpp"

#include <cstring>
#include <doctest/doctest.h>

using namespace brpath;

namespace {

Match interface(const char *name, bool is_negated = false) {
    Value value(name, name + std::strlen(name) + 1);
    return {.source = Source::interface_name, .first = value, .last = value, .is_negated = is_negated};
}

Match address(std::uint32_t offset, Value value, bool is_negated = false) {
    return {.source = Source::network_header,
            .offset = offset,
            .first = value,
            .last = value,
            .is_negated = is_negated};
}

constexpr std::uint32_t source_at = 12, destination_at = 16;
const Value pod = {10, 1, 0, 5};

Rule with(Effect effect, std::vector<Match> matches = {}) {
    return {.matches = std::move(matches), .actions = {{Verdict::accept}}, .effect = effect};
}

Rule to(Verdict verdict, const char *chain, std::vector<Match> matches = {}) {
    return {.matches = std::move(matches), .actions = {{verdict, chain}}};
}

using Rules = std::vector<Rule>;

std::vector<Reached> reached(Rules base, Rules other = {}, Place place = Place::before_routing) {
    Table table{.name = "nat"};
    table.chains["BASE"] = {BaseChain{.place = place}, std::move(base)};
    table.chains["OTHER"] = {{}, std::move(other)};
    Question question;
    question.bridge = "cni0";
    question.has_addresses = false;
    return survey({{table}}, question);
}

// The truth of the only kind of rule; "no" if there is none.
Truth truth(Rules base, Rules other = {}) {
    const auto all = reached(std::move(base), std::move(other));
    return all.empty() ? Truth::no : all.front().truth;
}

} // namespace

TEST_CASE("survey: whether a frame of the bridge comes to a rule that translates") {
    const Rule dnat = with(Effect::translates);
    CHECK(truth({dnat}) == Truth::yes);
    CHECK(truth({with(Effect::translates, {interface("cni0")})}) == Truth::yes);
    CHECK(truth({with(Effect::translates, {interface("cni0", true)})}) == Truth::no);
    CHECK(truth({with(Effect::translates, {interface("eth0")})}) == Truth::no);
    CHECK(truth({with(Effect::translates, {address(destination_at, pod)})}) == Truth::maybe);
    CHECK(truth({to(Verdict::jump, "OTHER")}, {dnat}) == Truth::yes);
    CHECK(truth({to(Verdict::go_to, "OTHER", {Match{}})}, {dnat}) == Truth::maybe);
    CHECK(truth({to(Verdict::jump, "OTHER", {interface("eth0")})}, {dnat}) == Truth::no);
    CHECK(truth({}, {dnat}) == Truth::no);                                   // nothing leads there
    CHECK(truth({to(Verdict::accept, ""), dnat}) == Truth::no);              // it ended before
    CHECK(truth({to(Verdict::leave, "", {Match{}}), dnat}) == Truth::maybe); // it may have
    CHECK(truth({to(Verdict::jump, "BASE"), dnat}) == Truth::yes);           // a loop ends
}

TEST_CASE("survey: a rule for some sources is told from one for some frames") {
    const auto behind = [](std::vector<Match> matches) {
        return reached({with(Effect::translates, std::move(matches))}, {}, Place::behind_routing).front();
    };
    CHECK(behind({address(source_at, pod)}).truth == Truth::maybe);
    CHECK(behind({address(source_at, pod)}).of_its_source == Truth::yes);
    CHECK(behind({address(source_at, pod, true)}).of_its_source == Truth::maybe);
    CHECK(behind({address(source_at, pod), address(destination_at, pod, true)}).of_its_source ==
          Truth::maybe);
    CHECK(behind({}).truth == Truth::yes);
}

TEST_CASE("survey: rules of one kind are one entry, with the place of the first") {
    Rule by_iptables = with(Effect::translates, {Match{}});
    by_iptables.is_iptables = true;
    const auto all = reached({by_iptables, by_iptables, with(Effect::leaves_untracked, {Match{}})});
    REQUIRE(all.size() == 2);
    CHECK(all[0].mechanism == Mechanism::iptables_nft);
    CHECK(all[0].rules == 2);
    CHECK(all[0].first == "table ip nat, chain BASE, rule 1");
    CHECK(all[1].effect == Effect::leaves_untracked);
}

TEST_CASE("IPVS: services by family") {
    const auto services = count_ipvs_services("IP Virtual Server version 1.2.1 (size=4096)\n"
                                              "Prot LocalAddress:Port Scheduler Flags\n"
                                              "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n"
                                              "TCP  0A600035:0035 rr \n"
                                              "  -> 0AF4010C:1F90      Masq    1      0          0         \n"
                                              "UDP  [fd00:0096:0000:0000:0000:0000:0000:0001]:0035 rr \n"
                                              "FWM  00000001 rr \n");
    CHECK(services[0] == 2);
    CHECK(services[1] == 2);
    CHECK(count_ipvs_services("")[0] == 0);
}
