// SPDX-License-Identifier: BSD-2-Clause
#include "names/names.hpp"

#include "names/netns_source.hpp"
#include "names/port_names.hpp"
#include "temporary_folder.hpp"

#include <chrono>
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace brpath;

namespace {

using brpath::test::TemporaryFolder;

Link device(std::uint32_t ifindex, const std::string &name, const std::string &kind) {
    Link link;
    link.ifindex = ifindex;
    link.name = name;
    link.kind = kind;
    return link;
}

Link port(std::uint32_t ifindex, const std::string &name, std::uint32_t bridge,
          std::optional<std::int32_t> peer_namespace = std::nullopt) {
    Link link = device(ifindex, name, "veth");
    link.master = bridge;
    link.is_bridge_port = true;
    link.peer_namespace = peer_namespace;
    return link;
}

// A source that says what the test gives it.
class Fake : public NameSource {
  public:
    explicit Fake(const char *id) : id_(id) {}

    void looked(Names::Clock::time_point as_of) { report_.as_of = as_of; }
    void say(NameSet names) {
        report_.state = SourceReport::State::up;
        report_.names = std::make_shared<const NameSet>(std::move(names));
    }
    [[nodiscard]] const char *id() const override { return id_; }
    [[nodiscard]] SourceReport report() override { return report_; }

  private:
    const char *id_;
    SourceReport report_;
};

// Two sources, the first one trusted more, and a clock.
struct Place {
    Fake *first, *second;
    Names names;
    Names::Clock::time_point now{};

    static std::vector<std::unique_ptr<NameSource>> own(Fake *first, Fake *second) {
        std::vector<std::unique_ptr<NameSource>> sources;
        sources.emplace_back(first);
        sources.emplace_back(second);
        return sources;
    }
    explicit Place(const char *second_id = "second")
        : first(new Fake("first")), second(new Fake(second_id)), names(own(first, second)) {
        names.learn_ports({device(2, "cni0", "bridge"), port(3, "veth-a", 2), port(4, "veth-b", 2)});
    }
    void pass(std::chrono::seconds time) {
        now += time;
        names.refresh(now);
    }
    std::string who(const std::string &ip, std::uint32_t ifindex = 0) {
        return names.endpoint(ip, ifindex).name;
    }
};

NameRecord at_port(const std::string &name, const std::string &device, const std::string &address) {
    return {name, device, "", {address}, 0};
}

NameRecord anywhere(const std::string &name, const std::string &address) {
    return {name, "", "", {address}, 0};
}

} // namespace

TEST_CASE("names file: it wins over every source") {
    const TemporaryFolder folder;
    Place place;
    place.first->say({{at_port("shop/a", "veth-a", "10.0.0.1")}, {}});
    REQUIRE(place.names.load_file(folder.write("a", "10.0.0.1 mine\n")));
    place.pass({});
    CHECK(place.who("10.0.0.1", 3) == "mine");
    CHECK(place.names.endpoint("10.0.0.1", 3).trust == 0);
}

TEST_CASE("ports: only devices in a bridge") {
    Link in_bond = device(7, "eth1", "");
    in_bond.master = 9;
    const auto ports = name_ports({device(1, "lo", ""), device(2, "cni0", "bridge"), port(3, "veth-a", 2),
                                   port(4, "veth\x1b", 2), port(5, "eth0", 99), in_bond});
    REQUIRE(ports.size() == 3);
    CHECK(ports.at(3).device == "veth-a");
    CHECK(ports.at(3).bridge == "cni0");
    CHECK(ports.at(3).bridge_ifindex == 2);
    CHECK(ports.at(4).device == "veth?");
    CHECK_MESSAGE(ports.at(5).bridge.empty(), "its bridge went while the devices were listed");
    CHECK(ports.at(5).bridge_ifindex == 99);
}

TEST_CASE("ports: kept, renewed, replaced") {
    PortNames known;
    renew_ports(known,
                {{3, {"veth-a", "cni0", 2, {{0, "pod-a"}}}}, {4, {"veth-b", "cni0", 2, {{0, "pod-b"}}}}});

    renew_ports(known, {});
    CHECK_MESSAGE(known.size() == 2, "ports that are gone stay known");

    renew_ports(known, {{3, {"veth-a", "cni1", 8, {}}}, {4, {"veth-c", "cni0", 2, {}}}});
    CHECK(known.at(3).bridge == "cni1");
    CHECK(known.at(3).bridge_ifindex == 8);
    CHECK_MESSAGE(known.at(3).endpoints.at(0) == "pod-a",
                  "the same device: who is behind it is only no longer told");
    CHECK(known.at(4).device == "veth-c");
    CHECK_MESSAGE(known.at(4).endpoints.empty(),
                  "another device: who was behind the old one is not behind it");
}

TEST_CASE("names of what is gone are kept, but not without a bound") {
    PortNames ports;
    for (std::uint32_t ifindex = 1; ifindex <= 11; ifindex++)
        renew_ports(ports, {{2, {"veth-b", "cni0", 1, {}}}, {ifindex, {"veth", "cni0", 1, {}}}}, 5);
    CHECK(ports.size() == 5);
    CHECK_MESSAGE(ports.contains(2), "the oldest, but it is there");
    CHECK_MESSAGE(ports.contains(8), "gone, but not for long");

    Claims claims;
    for (int number = 1; number <= 11; number++) {
        const std::string address = "10.0.0." + std::to_string(number);
        claims.renew(0, {{anywhere("pod-a", "10.0.0.0"), anywhere("pod", address)}, {}},
                     [](const NameRecord &) { return 0; });
        claims.make_room(5);
        CHECK(claims.size() <= 5);
        CHECK(claims.find(0, "10.0.0.0", {}) != nullptr);
        CHECK(claims.find(0, address, {}) != nullptr);
    }
}

TEST_CASE("netns: by port if there is one, and never a tunnel's") {
    Link tunnel = port(6, "vxlan0", 2, 1);
    tunnel.kind = "vxlan";
    const NameSet names =
        names_of({device(2, "cni0", "bridge"), port(3, "veth-a", 2, 0), port(4, "veth-b", 2, 5), tunnel,
                  port(7, "n1", 2, 3), port(8, "n2", 2, 3)},
                 {{0, {"pod-a", {"10.0.0.1", "fd00::1"}}},
                  {1, {"other", {"10.0.0.2"}}},
                  {3, {"twice", {"10.0.0.3"}}}});
    CHECK(names.endpoints == std::vector<NameRecord>{{"pod-a", "veth-a", "", {"10.0.0.1", "fd00::1"}, 3},
                                                     {"other", "", "", {"10.0.0.2"}, 0},
                                                     {"twice", "n1", "", {"10.0.0.3"}, 7},
                                                     {"twice", "n2", "", {}, 8}});
}

TEST_CASE("endpoints: by port before address, and the more trusted source before both") {
    Place place;
    place.second->say({{at_port("ns-a", "veth-a", "10.0.0.1"), anywhere("ns-b", "10.0.0.2")}, {}});
    place.pass({});
    CHECK(place.who("10.0.0.1", 3) == "ns-a");
    CHECK_MESSAGE(place.who("10.0.0.9", 3) == "ns-a", "another address at its port");
    CHECK(place.who("10.0.0.1") == "ns-a");
    CHECK(place.who("10.0.0.2", 4) == "ns-b");
    CHECK(place.who("10.0.0.3", 4).empty());
    CHECK(place.names.endpoint("10.0.0.1", 3).trust == 2);

    place.first->say({{anywhere("shop/a", "10.0.0.1")}, {}});
    place.pass({});
    CHECK(place.who("10.0.0.1", 3) == "shop/a");
    CHECK(place.names.endpoint("10.0.0.1", 3).trust == 1);
}

TEST_CASE("endpoints: an address is believed where its record is, nowhere else") {
    Place place;
    place.first->say({{at_port("shop/a", "veth-a", "10.0.0.1")}, {}});
    place.pass({});
    CHECK_MESSAGE(place.who("10.0.0.1", 4).empty(), "it has moved, and nobody has said to whom");
    place.pass(std::chrono::seconds(60));
    CHECK(place.who("10.0.0.1", 4).empty());
    place.first->say({{at_port("shop/b", "veth-b", "10.0.0.1")}, {}});
    place.pass({});
    CHECK(place.who("10.0.0.1", 4) == "shop/b");
    CHECK(place.who("10.0.0.1") == "shop/b");
    CHECK_MESSAGE(place.who("10.0.0.1", 3) == "shop/a", "its late frames");
}

TEST_CASE(
    "endpoints: an address without a port is believed where it was seen first, until it is told again") {
    Place place;
    place.first->say({{anywhere("shop/a", "10.0.0.1")}, {}});
    place.pass({});
    CHECK(place.who("10.0.0.1", 3) == "shop/a");
    CHECK(place.who("10.0.0.1", 4).empty());
    const auto version = place.names.version();
    place.pass(std::chrono::seconds(4));
    CHECK_MESSAGE(place.names.version() != version, "time alone may change the answer");
    CHECK(place.who("10.0.0.1", 4).empty());
    place.pass(std::chrono::seconds(2));
    CHECK_MESSAGE(place.who("10.0.0.1", 4) == "shop/a", "every source would have told by now");

    place.first->say({{anywhere("shop/c", "10.0.0.1")}, {}});
    place.pass({});
    CHECK(place.who("10.0.0.1", 3) == "shop/c");
}

TEST_CASE(
    "endpoints: one that is started again with its name and address is believed at its new port at once") {
    const auto started = [](const std::string &instance) {
        return NameRecord{"web", "", "", {"10.0.0.1"}, 0, instance};
    };
    Place place;
    place.first->say({{started("first")}, {}});
    place.pass({});
    CHECK(place.who("10.0.0.1", 3) == "web");
    CHECK(place.who("10.0.0.1", 4).empty());
    place.first->say({{started("second")}, {}});
    place.pass({});
    CHECK(place.who("10.0.0.1", 4) == "web");
}

TEST_CASE("endpoints: a source that has not looked since says nothing about a move") {
    Place place;
    place.first->say({{anywhere("shop/a", "10.0.0.1"), anywhere("shop/b", "10.0.0.2")}, {}});
    place.pass(std::chrono::seconds(100));
    CHECK(place.who("10.0.0.1", 3) == "shop/a");
    place.first->looked(place.now);
    place.pass(std::chrono::seconds(1));
    CHECK(place.who("10.0.0.1", 4).empty());
    place.pass(std::chrono::seconds(60));
    CHECK(place.who("10.0.0.1", 4).empty());
    CHECK_MESSAGE(place.who("10.0.0.2", 4).empty(), "who knows since when that port has been there");
    place.first->looked(place.now);
    place.pass({});
    CHECK(place.who("10.0.0.1", 4) == "shop/a");
    CHECK(place.who("10.0.0.2", 4) == "shop/b");
}

TEST_CASE("endpoints: names stay when their endpoint is gone, but not for who comes after it") {
    Place place;
    place.first->say({{at_port("shop/a", "veth-a", "10.0.0.1"), anywhere("shop/b", "10.0.0.2")}, {}});
    place.pass({});
    CHECK(place.who("10.0.0.2", 4) == "shop/b");
    place.first->say({});
    place.names.learn_ports({device(2, "cni0", "bridge"), port(5, "veth-c", 2)});
    place.pass({});
    CHECK(place.who("10.0.0.1", 3) == "shop/a");
    CHECK(place.who("10.0.0.1") == "shop/a");
    CHECK(place.who("10.0.0.2", 4) == "shop/b");
    CHECK(place.who("10.0.0.1", 5).empty());
    CHECK(place.who("10.0.0.2", 5).empty());
    place.first->say({{anywhere("shop/d", "10.0.0.1")}, {}});
    place.pass({});
    CHECK_MESSAGE(place.who("10.0.0.1", 4).empty(), "that port went before shop/d came");
    CHECK(place.who("10.0.0.1", 5) == "shop/d");
    place.first->say({});
    place.second->say({{anywhere("abc", "10.0.0.1")}, {}});
    place.pass({});
    CHECK_MESSAGE(place.who("10.0.0.1", 5) == "abc", "who is there comes before who was");
}

TEST_CASE("endpoints: a device's name that is given again is another port") {
    Place place;
    place.first->say({{{"shop/a", "veth-a", "", {"10.0.0.1"}, 3}}, {}});
    place.pass({});
    place.names.learn_ports({device(2, "cni0", "bridge"), port(9, "veth-a", 2)});
    place.pass({});
    CHECK_MESSAGE(place.who("10.0.0.1", 9).empty(), "the source has not looked since");
    CHECK(place.who("10.0.0.1", 3) == "shop/a");
}

TEST_CASE("endpoints: an address that several have is nobody's, and not guessed") {
    Place place;
    place.first->say({{anywhere("shop/a", "10.0.0.1"), anywhere("shop/b", "10.0.0.1")}, {}});
    place.second->say({{anywhere("node", "10.0.0.1")}, {}});
    place.pass({});
    CHECK(place.who("10.0.0.1") == "node");
    place.first->say({{anywhere("shop/a", "10.0.0.1"), anywhere("shop/a", "10.0.0.1")}, {}});
    place.pass({});
    CHECK_MESSAGE(place.who("10.0.0.1") == "shop/a", "twice the same is one owner");
}

TEST_CASE(
    "services: by address, port and protocol, then as a node port, then by what the address is called") {
    Place place("node");
    place.first->say({{anywhere("vip", "10.96.0.10")},
                      {{"shop/cart:http", "10.96.0.10", 80, 6}, {"shop/cart:node", "", 30080, 6}}});
    place.second->say({{anywhere("node-1", "192.168.1.5")}, {{"other", "10.96.0.10", 80, 6}}});
    place.pass({});
    CHECK(place.names.service("10.96.0.10", 80, 6) == "shop/cart:http");
    CHECK_MESSAGE(place.names.service("10.96.0.10", 80, 17) == "vip", "the address alone");
    CHECK(place.names.service("192.168.1.5", 30080, 6) == "shop/cart:node");
    CHECK_MESSAGE(place.names.service("192.168.1.5", 30081, 6) == "node-1", "no node port");
    CHECK_MESSAGE(place.names.service("192.168.1.6", 30080, 6).empty(), "not this node's address");
}

TEST_CASE("endpoints: by the MAC's port, before the address, once it has been there for a second") {
    const std::string mac = "02:42:0a:00:00:01";
    const std::vector<NeighbourEntry> at_a = {{3, "", mac}, {3, "", mac}, {9, "", mac}},
                                      at_b = {{4, "", mac}};
    const auto learn = [&](Place &place, const std::vector<NeighbourEntry> &learned) {
        place.names.learn_macs(learned, place.now);
    };
    Place place;
    place.first->say({{NameRecord{"web", "", mac, {}, 0}}, {}});
    place.pass({});
    CHECK(place.names.wants_macs());
    learn(place, at_a); // one entry for each VLAN, and one at a device that is no port
    place.pass({});
    CHECK_MESSAGE(place.who("fe80::1", 3).empty(), "it may have come this moment");
    place.now += std::chrono::seconds(1);
    learn(place, at_a);
    place.pass({});
    CHECK(place.who("fe80::1", 3) == "web");
    CHECK(place.who("fe80::1", 4).empty());

    place.first->looked(place.now); // and not since
    place.now += std::chrono::seconds(5);
    learn(place, at_b);
    place.now += std::chrono::seconds(5);
    learn(place, at_b);
    place.pass({});
    CHECK_MESSAGE(place.who("fe80::1", 4).empty(), "another one may have got its MAC");
    place.first->looked(place.now);
    place.first->say({{NameRecord{"db", "", mac, {}, 0}}, {}});
    place.pass({});
    CHECK(place.who("fe80::1", 4) == "db");
    CHECK_MESSAGE(place.who("fe80::1", 3) == "web", "its late frames");

    learn(place, {{3, "", mac}, {4, "", mac}});
    place.now += std::chrono::seconds(5);
    learn(place, {{3, "", mac}, {4, "", mac}});
    place.first->looked(place.now);
    place.first->say({{NameRecord{"twice", "", mac, {}, 0}}, {}});
    place.pass({});
    CHECK_MESSAGE(place.who("fe80::1", 4) == "db", "a MAC at two ports says nothing");
}
