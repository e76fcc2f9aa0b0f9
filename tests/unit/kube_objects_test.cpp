// SPDX-License-Identifier: BSD-2-Clause
#include "kube/answers.hpp"
#include "kube/cluster_names.hpp"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <string>

namespace {

using namespace brpath;

// What one object says, in the shape of the API's answers with what is not read left out.
NameSet says(KubeKind kind, const std::string &object) {
    rapidjson::Document document;

    REQUIRE(json::parse(document, object));
    return read_kube_object(kind, document, "worker-1").says;
}

std::vector<NameRecord> endpoints_of(KubeKind kind, const std::string &object) {
    return says(kind, object).endpoints;
}

std::string pod(const std::string &metadata, const std::string &spec, const std::string &status) {
    return R"({"metadata": {"name": "cart-7c9b", "namespace": "shop")" + metadata + R"(}, "spec": {)" + spec +
           R"(}, "status": {)" + status + "}}";
}

TEST_CASE("a pod, unless its address is not its own or not for long") {
    const std::string up = R"("phase": "Running", "podIP": "10.244.1.12",
                              "podIPs": [{"ip": "10.244.1.12"}, {"ip": "fd00:244:1::c"}])";
    const std::vector<NameRecord> whole = {{"shop/cart-7c9b", "", "", {"10.244.1.12", "fd00:244:1::c"}}};

    CHECK_EQ(endpoints_of(KubeKind::pods, pod("", "", up)), whole);
    CHECK(endpoints_of(KubeKind::pods, pod("", R"("hostNetwork": true)", up)).empty());
    CHECK(endpoints_of(KubeKind::pods, pod(R"(, "deletionTimestamp": "2026-11-30T22:00:00Z")", "", up))
              .empty());
    CHECK(
        endpoints_of(KubeKind::pods, pod("", "", R"("phase": "Succeeded", "podIP": "10.244.1.12")")).empty());
    CHECK(endpoints_of(KubeKind::pods, pod("", "", R"("phase": "Failed", "podIP": "10.244.1.12")")).empty());
    CHECK(endpoints_of(KubeKind::pods, pod("", "", R"("phase": "Pending")")).empty());
    CHECK(endpoints_of(KubeKind::pods, pod("", "", R"("podIP": "not an address")")).empty());
}

TEST_CASE("names from the API are made harmless, and bounded") {
    const auto named = [](const std::string &name) {
        return endpoints_of(KubeKind::pods, R"({"metadata": {"namespace": "a", "name": ")" + name +
                                                R"("}, "status": {"podIP": "10.0.0.1"}})");
    };
    REQUIRE_EQ(named("\\u001b[2Jx\\n").size(), 1);
    CHECK_EQ(named("\\u001b[2Jx\\n").front().name, "a/?[2Jx?");
    CHECK_EQ(named(std::string(253, 'n')).size(), 1);
    CHECK(named(std::string(254, 'n')).empty());
}

TEST_CASE("a Service at each of its addresses, and at the nodes' ports") {
    const auto services = says(KubeKind::services, R"({"metadata": {"namespace": "shop", "name": "cart"},
        "spec": {"clusterIP": "10.96.7.10", "clusterIPs": ["10.96.7.10", "fd00:96::a"], "externalIPs": ["192.0.2.9"],
                 "ports": [{"name": "http", "port": 80, "nodePort": 30080},
                           {"port": 53, "protocol": "UDP"}, {"name": "s", "port": 9, "protocol": "SCTP"},
                           {"name": "wrong", "port": 70000}]},
        "status": {"loadBalancer": {"ingress": [{"ip": "198.51.100.7"}, {"hostname": "cart.example"}]}}})")
                              .services;
    std::vector<ServiceRecord> expected;
    for (const auto &[name, port, protocol] :
         {std::tuple<const char *, std::uint16_t, std::uint8_t>{"http", 80, IPPROTO_TCP},
          {"53", 53, IPPROTO_UDP},
          {"s", 9, IPPROTO_SCTP}}) {
        for (const char *address : {"10.96.7.10", "fd00:96::a", "192.0.2.9", "198.51.100.7"})
            expected.push_back({std::string("shop/cart:") + name, address, port, protocol});
        if (port == 80)
            expected.push_back({"shop/cart:http", "", 30080, IPPROTO_TCP});
    }
    CHECK_EQ(services, expected);
    CHECK(says(KubeKind::services, R"({"metadata": {"namespace": "shop", "name": "db"},
        "spec": {"clusterIP": "None", "clusterIPs": ["None"], "ports": [{"port": 5432}]}})")
              .services.empty());
}

TEST_CASE("the pods of a slice, but those of this node and those that end") {
    const auto endpoint = [](const char *name, const char *address, const char *node, const char *more = "") {
        return std::string(R"({"addresses": [")") + address + R"("], "nodeName": ")" + node +
               R"(", "targetRef": {"kind": "Pod", "namespace": "shop", "name": ")" + name + R"("})" + more +
               "}";
    };
    const std::vector<NameRecord> expected = {{"shop/far", "", "", {"10.244.2.12"}}};

    CHECK_EQ(endpoints_of(
                 KubeKind::slices,
                 R"({"metadata": {"namespace": "shop", "name": "cart-x"}, "endpoints": [)" +
                     endpoint("far", "10.244.2.12", "worker-2") + "," +
                     endpoint("near", "10.244.1.12", "worker-1") + "," +
                     endpoint("old", "10.244.2.13", "worker-2", R"(, "conditions": {"terminating": true})") +
                     R"(, {"addresses": ["10.244.2.14"], "nodeName": "worker-2"}]})"),
             expected);
}

TEST_CASE("a node with its addresses and its pods' networks") {
    const auto node = says(KubeKind::nodes, R"({"metadata": {"name": "worker-2"},
        "spec": {"podCIDR": "10.244.2.0/24", "podCIDRs": ["10.244.2.0/24", "fd00:244:2::/64", "10.1.0.0/300", "x/8"]},
        "status": {"addresses": [{"type": "InternalIP", "address": "192.168.60.2"},
                                 {"type": "Hostname", "address": "worker-2"}]}})");
    CHECK_EQ(node.endpoints, std::vector<NameRecord>{{"node worker-2", "", "", {"192.168.60.2"}}});
    CHECK_EQ(node.networks, std::vector<NetworkRecord>{{"node worker-2", "10.244.2.0", 24},
                                                       {"node worker-2", "fd00:244:2::", 64}});
}

TEST_CASE("a cluster: other nodes, own pods, each pod of the slices once, no pod by a node's address") {
    KubeCluster cluster;
    cluster.own_node = "worker-1";
    cluster.nodes["worker-1"] = {.endpoints = {{"node worker-1", "", "", {"192.168.60.1"}}},
                                 .networks = {{"node worker-1", "10.244.1.0", 24}}};
    cluster.nodes["worker-2"] = {.endpoints = {{"node worker-2", "", "", {"192.168.60.2"}}},
                                 .networks = {{"node worker-2", "10.244.2.0", 24}}};
    cluster.pods["shop/cart"] = {.endpoints = {{"shop/cart", "", "", {"10.244.1.12"}}}};
    cluster.slices["shop/a"] = {.endpoints = {{"shop/far", "", "", {"10.244.2.12"}},
                                              {"kube-system/proxy", "", "", {"192.168.60.2"}}}};
    cluster.slices["shop/b"] = {
        .endpoints = {{"shop/far", "", "", {"fd00:244:2::c"}}, {"shop/far", "", "", {"10.244.2.12"}}}};
    cluster.services["shop/cart"] = {.services = {{"shop/cart:http", "10.96.7.10", 80, IPPROTO_TCP}}};

    CHECK_MESSAGE(names_of_cluster(cluster).endpoints.size() == 2,
                  "which addresses are nodes' is not known yet");
    cluster.uses_slices = true;
    const auto names = names_of_cluster(cluster);
    CHECK_EQ(names.endpoints,
             std::vector<NameRecord>{{"node worker-2", "", "", {"192.168.60.2"}},
                                     {"shop/cart", "", "", {"10.244.1.12"}},
                                     {"shop/far", "", "", {"10.244.2.12", "fd00:244:2::c"}}});
    CHECK_EQ(names.networks, std::vector<NetworkRecord>{{"node worker-2", "10.244.2.0", 24}});
    CHECK_EQ(names.services.size(), 1);
}

TEST_CASE("lists and events that are none") {
    const KubeCollection pods{.kind = KubeKind::pods};

    for (const char *text :
         {"", "[]", "{}", R"({"items": []})", R"({"metadata": {"resourceVersion": 7}})", "\xff"})
        CHECK_FALSE(parse_kube_list(pods, text));
    for (const char *text :
         {"", "7", "{}", R"({"type": "ADDED"})", R"({"type": "ADDED", "object": {}})",
          R"({"type": "ADDED", "object": {"metadata": {"name": "x"}}})",
          R"({"type": "NEW", "object": {"metadata": {"name": "x", "resourceVersion": "7"}}})",
          R"({"type": "ADDED", "object": {"metadata": {"resourceVersion": "7"}}})"})
        CHECK_FALSE(parse_kube_event(pods, text));
    const std::string deep(100000, '[');
    CHECK_FALSE(parse_kube_list(pods, deep));
}

TEST_CASE("what the API refuses with") {
    CHECK_EQ(parse_kube_refusal(R"({"kind": "Status", "code": 403, "message": "pods is forbidden:\nno"})"),
             "pods is forbidden:?no");
    CHECK_EQ(parse_kube_refusal("<html>"), "");
    CHECK_EQ(parse_kube_refusal(R"({"kind": "Pod", "message": "x"})"), "");
}

} // namespace
