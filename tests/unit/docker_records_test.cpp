// SPDX-License-Identifier: BSD-2-Clause
#include "api/docker_records.hpp"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <string>

namespace {

using namespace brpath;

// Two containers in the shape of Docker 20.10's answer, with what is not read left out.
const std::string containers = R"([
  {"Id": "5b1e0c6f9a3d4e77", "Names": ["/web"], "Labels": {},
   "Ports": [{"IP": "0.0.0.0", "PrivatePort": 8080, "PublicPort": 80, "Type": "tcp"},
             {"IP": "::", "PrivatePort": 8080, "PublicPort": 80, "Type": "tcp"},
             {"IP": "192.0.2.1", "PrivatePort": 53, "PublicPort": 5353, "Type": "udp"},
             {"PrivatePort": 9000, "Type": "tcp"}],
   "NetworkSettings": {"Networks": {
     "front": {"IPAddress": "172.18.0.2", "GlobalIPv6Address": "fd00:18::2", "MacAddress": "02:42:ac:12:00:02",
               "EndpointID": "6f1e"},
     "back": {"IPAddress": "172.19.0.2", "GlobalIPv6Address": "", "MacAddress": "02:42:ac:13:00:02"}}}},
  {"Id": "c0ffee00c0ffee00", "Names": ["/web/alias", "/shop-db-1"],
   "Labels": {"com.docker.compose.project": "shop", "com.docker.compose.service": "db",
              "com.docker.compose.container-number": "1"},
   "Ports": [], "NetworkSettings": {"Networks": {"host": {"IPAddress": "", "MacAddress": ""}}}}])";

TEST_CASE("containers by network, with their published ports") {
    const auto names = parse_containers(containers);
    REQUIRE(names);
    const std::vector<NameRecord> endpoints = {
        {"web", "", "02:42:ac:12:00:02", {"172.18.0.2", "fd00:18::2"}, 0, "6f1e"},
        {"web", "", "02:42:ac:13:00:02", {"172.19.0.2"}, 0, "02:42:ac:13:00:02"},
    };
    const std::vector<ServiceRecord> services = {{"web:8080", "", 80, IPPROTO_TCP},
                                                 {"web:53", "192.0.2.1", 5353, IPPROTO_UDP}};
    CHECK_EQ(names->endpoints, endpoints); // one on the host's network has nothing of its own
    CHECK_EQ(names->services, services);
}

TEST_CASE("how a container is called") {
    const auto name_of = [](const std::string &container) {
        const auto names = parse_containers(
            "[{" + container + R"(, "NetworkSettings": {"Networks": {"n": {"IPAddress": "10.0.0.1"}}}}])");
        REQUIRE(names);
        return names->endpoints.empty() ? "" : names->endpoints[0].name;
    };
    CHECK_EQ(name_of(R"("Id": "0123456789abcdef", "Names": ["/a"])"), "a");
    CHECK_EQ(name_of(R"("Id": "0123456789abcdef", "Names": ["/b/a", "/c"])"), "c");
    CHECK_EQ(name_of(R"("Id": "0123456789abcdef", "Names": [])"), "0123456789ab");
    CHECK_EQ(name_of(R"("Id": "0123456789abcdef")"), "0123456789ab");
    CHECK_EQ(name_of(R"("Names": ["/x"], "Labels": {"com.docker.compose.project": "shop",
                        "com.docker.compose.service": "db", "com.docker.compose.container-number": "2"})"),
             "shop/db-2");
    CHECK_EQ(name_of("\"Names\": [\"/\\u001b[31mred\"]"), "?[31mred");
    CHECK(name_of(R"("Id": 5)").empty());
}

TEST_CASE("an answer that is none") {
    for (const char *text : {"", "{}", "null", "[", "{\"message\": \"no\"}", "[] []"})
        CHECK_FALSE(parse_containers(text));
    CHECK_FALSE(parse_containers(std::string(1'000'000, '[')));
    for (
        const char *text :
        {"[]", "[null]", "[[]]", "[{\"Names\": 5, \"Ports\": {}, \"NetworkSettings\": []}]",
         R"([{"Id": "abc", "NetworkSettings": {"Networks": {"n": 7}}, "Ports": [7, {"PublicPort": 70000}]}])"}) {
        const auto names = parse_containers(text);
        REQUIRE(names);
        CHECK(names->endpoints.empty());
        CHECK(names->services.empty());
    }
}

TEST_CASE("an answer cut short, or with any byte changed, is read or refused") {
    for (std::size_t size = 0; size < containers.size(); size++)
        (void)parse_containers(containers.substr(0, size));
    for (std::size_t at = 0; at < containers.size(); at++) {
        std::string changed = containers;
        changed[at] = '"';
        (void)parse_containers(changed);
    }
}

} // namespace
