// SPDX-License-Identifier: BSD-2-Clause
// An address that goes from one endpoint to another.
#include "flows.hpp"
#include "model/pairs.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace brpath;
using namespace brpath::test;

namespace {

const Header ask{"10.0.0.9", 40000, "10.0.0.2", 7001};
const Header answer{"10.0.0.2", 7001, "10.0.0.9", 40000};

// What the names say, and a table that asks them. Port 0: by the address alone.
struct Place {
    std::map<std::pair<std::string, std::uint32_t>, TrustedName> says;
    PairTable pairs;

    Place() {
        pairs.set_namer([this](const Address &address, std::uint32_t port) {
            const auto found = says.find({to_string(address), port});
            return found == says.end() ? TrustedName{} : found->second;
        });
    }
    void say(const std::string &ip, std::uint32_t port, const std::string &name, std::uint8_t trust = 1) {
        says[{ip, port}] = {name, trust};
        pairs.name_again();
    }
    Flow at(const Header &header, std::uint64_t frames, std::uint32_t in, std::uint32_t out) const {
        Flow flow(IPPROTO_UDP, header, frames);
        flow.key.port_in = in;
        flow.key.port_out = out;
        return flow;
    }
    void send(std::uint64_t frames, std::uint32_t in, std::uint32_t out = 2) {
        const Flow flow = at(ask, frames, in, out);
        pairs.add(flow.key, flow.flow);
    }
    void reply(std::uint64_t frames, std::uint32_t out, std::uint32_t in = 2) {
        const Flow flow = at(answer, frames, in, out);
        pairs.add(flow.key, flow.flow);
    }
    // "client server to_server/to_client", sorted
    [[nodiscard]] std::vector<std::string> rows() const {
        std::vector<std::string> rows;
        for (const auto &pair : pairs.pairs())
            rows.push_back(pair.client.name + " " + pair.server.name + " " +
                           std::to_string(pair.to_server.frames) + "/" +
                           std::to_string(pair.to_client.frames));
        std::sort(rows.begin(), rows.end());
        return rows;
    }
};

using Rows = std::vector<std::string>;

} // namespace

TEST_CASE("an address that moves: from that moment its pair has the other name, and not before") {
    Place place;
    place.say("10.0.0.9", 5, "shop/a");
    place.say("10.0.0.9", 6, "shop/b");
    place.say("10.0.0.2", 2, "shop/cart");
    place.send(3, 5);
    place.reply(2, 5);
    place.send(4, 6);
    place.reply(1, 6);
    CHECK(place.rows() == Rows{"shop/a shop/cart 3/2", "shop/b shop/cart 4/1"});
    place.send(10, 5);
    CHECK_MESSAGE((place.rows() == Rows{"shop/a shop/cart 13/2", "shop/b shop/cart 4/1"}), "and back");
}

TEST_CASE("an address that moves, of the server, answers first") {
    Place place;
    place.say("10.0.0.2", 5, "shop/a");
    place.say("10.0.0.2", 6, "shop/b");
    place.send(1, 9, 5);
    place.reply(7, 9, 6);
    CHECK(place.rows() == Rows{" shop/a 1/0", " shop/b 0/7"});
}

TEST_CASE("an address that moves where no port tells: the names do") {
    Place place;
    place.say("10.0.0.9", 0, "shop/a");
    place.send(3, 0);
    place.say("10.0.0.9", 0, "shop/b");
    CHECK_MESSAGE((place.rows() == Rows{"shop/a  3/0"}), "what is counted keeps its name");
    place.send(4, 0);
    CHECK(place.rows() == Rows{"shop/a  3/0", "shop/b  4/0"});
}

TEST_CASE("a name that is learnt later is the name of what was counted, if it is the same port") {
    Place place;
    place.send(3, 5);
    place.say("10.0.0.9", 5, "shop/a");
    CHECK(place.rows() == Rows{"shop/a  3/0"});
    place.send(1, 5);
    CHECK(place.rows() == Rows{"shop/a  4/0"});
}

TEST_CASE("a name that is learnt later is not the name of who had the address before") {
    Place place;
    place.send(3, 5);
    SUBCASE("at another port") {
        place.say("10.0.0.9", 6, "shop/b");
        place.send(4, 6);
        CHECK(place.rows() == Rows{"  3/0", "shop/b  4/0"});
    }
    SUBCASE("at another port, and some frames came before the name") {
        place.send(1, 6);
        CHECK_MESSAGE((place.rows() == Rows{"  4/0"}), "without a name it is one pair");
        place.say("10.0.0.9", 6, "shop/b");
        place.send(4, 6);
        CHECK(place.rows() == Rows{"  4/0", "shop/b  4/0"});
    }
    SUBCASE("at no port") {
        place.say("10.0.0.9", 0, "shop/b");
        place.send(4, 0);
        CHECK(place.rows() == Rows{"  3/0", "shop/b  4/0"});
    }
}

TEST_CASE(
    "a more trusted name of who is at a port is the same endpoint's, a less trusted one changes nothing") {
    Place place;
    place.say("10.0.0.9", 5, "1234abcd", 7);
    place.send(3, 5);
    place.say("10.0.0.9", 5, "shop/a", 1);
    CHECK(place.rows() == Rows{"shop/a  3/0"});
    place.send(1, 5);
    place.say("10.0.0.9", 5, "1234abcd", 7);
    place.send(1, 5);
    CHECK(place.rows() == Rows{"shop/a  5/0"});
    place.say("10.0.0.9", 5, "shop/b", 1);
    place.send(1, 5);
    CHECK_MESSAGE((place.rows() == Rows{"shop/a  5/0", "shop/b  1/0"}), "the same source says another name");
}

TEST_CASE("a flow whose port is not known belongs to who was seen last") {
    Place place;
    place.say("10.0.0.9", 5, "shop/a");
    place.say("10.0.0.9", 6, "shop/b");
    place.send(3, 5);
    place.send(3, 6);
    place.reply(2, 0);
    CHECK(place.rows() == Rows{"shop/a  3/0", "shop/b  3/2"});
}

TEST_CASE("what is added for one summary is taken from the same names") {
    Place place;
    place.say("10.0.0.9", 5, "shop/a");
    place.say("10.0.0.9", 6, "shop/b");
    place.send(3, 5);
    const Rows before = place.rows();
    const std::vector<Flow> last = {place.at(ask, 1, 0, 2), place.at(ask, 1, 6, 2), place.at(answer, 1, 2, 0),
                                    place.at(ask, 1, 7, 2)};
    for (const auto &flow : last)
        place.pairs.add_last(flow.key, flow.flow, 1);
    CHECK(place.pairs.by_path()[BRPATH_BRIDGED] == 7);
    for (const auto &flow : last)
        place.pairs.add_last(flow.key, flow.flow, -1);
    CHECK(place.rows() == before);
    CHECK(place.pairs.by_path()[BRPATH_BRIDGED] == 3);
}

TEST_CASE("a frame that waited is taken back from the name that it was counted under") {
    Place place;
    place.say("10.0.0.9", 0, "shop/a");
    place.send(3, 0);
    place.say("10.0.0.9", 0, "shop/b");
    place.send(1, 0);
    Flow back = place.at(ask, 0, 0, 2);
    back.flow.frames = -2;
    back.flow.bytes = -200;
    place.pairs.add(back.key, back.flow);
    CHECK(place.rows() == Rows{"shop/a  2/0"});
    std::int64_t frames = 0;
    for (const auto &pair : place.pairs.pairs()) {
        CHECK(pair.to_server.frames >= 0);
        CHECK(pair.to_server.bytes == 100 * pair.to_server.frames);
        frames += pair.to_server.frames;
    }
    CHECK(frames == place.pairs.by_path()[BRPATH_BRIDGED]);
}

TEST_CASE("however names come and go, the pairs' frames are all frames") {
    Place place;
    std::uint32_t state = 7;
    const auto next = [&](std::uint32_t below) {
        state = state * 1664525 + 1013904223;
        return (state >> 16) % below;
    };
    for (int i = 0; i < 5000; i++) {
        if (next(4) == 0)
            place.say(next(2) ? "10.0.0.9" : "10.0.0.2", next(4), "pod" + std::to_string(next(5)),
                      static_cast<std::uint8_t>(next(3)));
        if (next(2))
            place.send(1 + next(3), next(4), next(4));
        else
            place.reply(1 + next(3), next(4), next(4));
        if (i % 50 != 0)
            continue;
        const Rows before = place.rows();
        std::vector<Flow> last;
        for (int frame = 0; frame < 4; frame++)
            last.push_back(place.at(next(2) ? ask : answer, 1, next(5), next(5)));
        for (const int sign : {1, -1})
            for (const auto &flow : last)
                place.pairs.add_last(flow.key, flow.flow, sign);
        REQUIRE((place.rows() == before));
    }
    std::int64_t frames = 0;
    for (const auto &pair : place.pairs.pairs())
        frames += pair.to_server.frames + pair.to_client.frames;
    CHECK(frames == place.pairs.by_path()[BRPATH_BRIDGED]);
}
