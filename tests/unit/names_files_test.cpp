// SPDX-License-Identifier: BSD-2-Clause
// Sources that are files which others write.
#include "app/name_sources.hpp"
#include "names/cni_result.hpp"
#include "names/domain_file.hpp"
#include "names/folder_source.hpp"
#include "names/source_ids.hpp"
#include "temporary_folder.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <netinet/in.h>
#include <string>
#include <sys/stat.h>
#include <utility>
#include <vector>

using namespace brpath;

namespace {

using brpath::test::TemporaryFolder;
using State = SourceReport::State;

// As containerd writes it for a pod on a bridge (libcni 1.1), without the configuration.
std::string cni_result(const std::string &pod, const std::string &port, const std::string &address) {
    return fmt::format(
        R"({{"kind":"cniCacheV1","containerId":"0123456789abcdef0123456789abcdef","config":"e30=",)"
        R"("ifName":"eth0","networkName":"cbr0","cniArgs":[["IgnoreUnknown","1"],)"
        R"(["K8S_POD_NAMESPACE","shop"],["K8S_POD_NAME","{}"],["K8S_POD_INFRA_CONTAINER_ID","0123"]],)"
        R"("capabilityArgs":{{"portMappings":[]}},"result":{{"cniVersion":"0.3.1","dns":{{}},"interfaces":[)"
        R"({{"mac":"0a:58:0a:f4:01:01","name":"cni0"}},{{"mac":"5e:11:22:33:44:55","name":"{}"}},)"
        R"({{"mac":"0A:58:0a:f4:01:0b","name":"eth0","sandbox":"/var/run/netns/cni-1"}}],"ips":[)"
        R"({{"address":"{}/24","gateway":"10.244.1.1","interface":2,"version":"4"}}],)"
        R"("routes":[{{"dst":"0.0.0.0/0"}}]}}}})",
        pod, port, address);
}

struct Root {
    TemporaryFolder folder;

    void make(const std::string &path) const { std::filesystem::create_directories(folder.path() + path); }
    void write(const std::string &path, const std::string &content) const {
        make(path.substr(0, path.rfind('/')));
        std::ofstream(folder.path() + path, std::ios::binary) << content;
    }
    void remove(const std::string &path) const { std::filesystem::remove_all(folder.path() + path); }
};

std::vector<std::string> names_in(const SourceReport &report) {
    std::vector<std::string> names;
    for (const auto &record : report.names->endpoints)
        names.push_back(record.name);
    std::sort(names.begin(), names.end());
    return names;
}

using List = std::vector<std::string>;

} // namespace

TEST_CASE("cni: a pod") {
    const auto result = parse_cni_result(cni_result("cart", "veth5e11", "10.244.1.11"));
    REQUIRE(result);
    CHECK(result->endpoint == NameRecord{"shop/cart", "veth5e11", "0a:58:0a:f4:01:0b", {"10.244.1.11"}, 0});
}

TEST_CASE("cni: other forms") {
    const struct {
        const char *what;
        std::string text;
        NameRecord expected;
    } cases[] = {
        {"no Kubernetes: the container's id",
         R"({"kind":"cniCacheV1","containerId":"0123456789abcdef","result":{"ips":[{"address":"10.0.0.5/16"}]}})",
         {"0123456789ab", "", "", {"10.0.0.5"}, 0}},
        {"two families, loopback and link-local left out",
         R"({"kind":"cniCacheV1","containerId":"a","result":{"ips":[{"address":"10.0.0.5/16"},{"address":"fd00:0::5/64"},)"
         R"({"address":"127.0.0.1/8"},{"address":"::1/128"},{"address":"fe80::1/64"},{"address":"169.254.1.1/32"}]}})",
         {"a", "", "", {"10.0.0.5", "fd00::5"}, 0}},
        {"before 0.3.0",
         R"({"kind":"cniCacheV1","containerId":"a","result":{"cniVersion":"0.2.0","ip4":{"ip":"10.0.0.5/24"},)"
         R"("ip6":{"ip":"fd00::5/64"}}})",
         {"a", "", "", {"10.0.0.5", "fd00::5"}, 0}},
        {"the loopback network tells nothing",
         R"({"kind":"cniCacheV1","containerId":"a","result":{"interfaces":[{"name":"lo","sandbox":"/x"}],)"
         R"("ips":[{"address":"127.0.0.1/8"}]}})",
         {}},
        {"no result", R"({"kind":"cniCacheV1","containerId":"a"})", {}},
        {"Podman: a container has the name of a pod without a namespace",
         R"({"kind":"cniCacheV1","containerId":"a","cniArgs":[["K8S_POD_NAME","x"]],"result":{"ips":[{"address":"10.0.0.5/16"}]}})",
         {"x", "", "", {"10.0.0.5"}, 0}},
        {"a name that would paint the terminal",
         R"({"kind":"cniCacheV1","cniArgs":[["K8S_POD_NAMESPACE","\u001b[31m"],["K8S_POD_NAME","x\ny"]],)"
         R"("result":{"ips":[{"address":"10.0.0.5/16"}]}})",
         {"?[31m/x?y", "", "", {"10.0.0.5"}, 0}},
        {"everything of the wrong type",
         R"({"kind":"cniCacheV1","containerId":7,"cniArgs":{"a":1},"result":{"interfaces":[1,null,{"name":[]},[]],)"
         R"("ips":{"address":"10.0.0.5/16"},"ip4":[],"ip6":{"ip":5}}})",
         {}},
        {"arguments that are no pairs",
         R"({"kind":"cniCacheV1","containerId":"b","cniArgs":[[],["K8S_POD_NAME"],["K8S_POD_NAME","x","y"],7,[1,2]],)"
         R"("result":{"ips":[{"address":"10.0.0.5"},{"address":"10.0.0.5/8"},{"address":"ten"},{}]}})",
         {"b", "", "", {"10.0.0.5"}, 0}},
        {"a device that cannot be one",
         R"({"kind":"cniCacheV1","containerId":"b","result":{"interfaces":[{"name":"veth-is-much-too-long"}]}})",
         {}},
    };
    for (const auto &test : cases) {
        CAPTURE(test.what);
        const auto result = parse_cni_result(test.text);
        REQUIRE(result);
        CHECK(result->endpoint == test.expected);
    }
}

TEST_CASE("cni: the node's ports that lead to a pod") {
    const auto services_of = [](const std::string &mappings) {
        const auto result = parse_cni_result(
            R"({"kind":"cniCacheV1","containerId":"a","cniArgs":[["K8S_POD_NAMESPACE","shop"],["K8S_POD_NAME","cart"]],)"
            R"("capabilityArgs":{"portMappings":)" +
            mappings + R"(},"result":{"ips":[{"address":"10.0.0.5/16"}]}})");
        REQUIRE(result);
        return result->services;
    };
    const auto containerd =
        services_of(R"([{"HostPort":8080,"ContainerPort":80,"Protocol":"tcp","HostIP":""},)"
                    R"({"HostPort":5300,"ContainerPort":53,"Protocol":"udp","HostIP":"0.0.0.0"}])");
    CHECK(containerd == std::vector<ServiceRecord>{{"shop/cart:80", "", 8080, IPPROTO_TCP},
                                                   {"shop/cart:53", "", 5300, IPPROTO_UDP}});
    const auto crio =
        services_of(R"([{"hostPort":8080,"containerPort":80,"protocol":"TCP","hostIP":"192.0.2.1"}])");
    CHECK(crio == std::vector<ServiceRecord>{{"shop/cart:80", "192.0.2.1", 8080, IPPROTO_TCP}});
    for (const char *useless : {"null", "7", "{}", "[7]", "[{}]", R"([{"hostPort":0,"protocol":"tcp"}])",
                                R"([{"hostPort":70000,"protocol":"tcp"}])",
                                R"([{"hostPort":80,"protocol":"x"}])", R"([{"hostPort":"80","protocol":6}])",
                                R"([{"hostPort":80,"protocol":"tcp","hostIP":"127.0.0.1"}])"})
        CHECK(services_of(useless).empty());
    const auto loopback = parse_cni_result(
        R"({"kind":"cniCacheV1","containerId":"a","capabilityArgs":{"portMappings":[{"HostPort":80,"Protocol":"tcp"}]},)"
        R"("result":{"ips":[{"address":"127.0.0.1/8"}]}})");
    REQUIRE(loopback);
    CHECK_MESSAGE(loopback->services.empty(), "the network of loopback has the same mappings");
}

TEST_CASE("cni: what is no result is refused, and nothing crashes") {
    const std::string whole = cni_result("cart", "veth5e11", "10.244.1.11");
    for (std::size_t length = 0; length < whole.size(); length++) {
        CAPTURE(length);
        CHECK_FALSE(parse_cni_result(std::string_view(whole).substr(0, length)));
    }
    CHECK_FALSE(parse_cni_result("[]"));
    CHECK_FALSE(parse_cni_result("null"));
    CHECK_FALSE(parse_cni_result(R"({"kind":"cniCacheV2"})"));
    CHECK_FALSE(parse_cni_result(std::string(1 << 20, '[')));
    std::string deep = R"({"kind":"cniCacheV1","result":)";
    for (int i = 0; i < 300000; i++)
        deep += "[";
    CHECK_FALSE(parse_cni_result(deep));
    CHECK_MESSAGE(parse_cni_result(deep + std::string(300000, ']') + "}"), "deep, but whole");
    CHECK_FALSE(parse_cni_result("{\"kind\":\"cniCacheV1\",\"containerId\":\"\xff\xfe\"}"));
    std::uint32_t state = 1;
    for (int i = 0; i < 20000; i++) { // bytes changed here and there
        std::string broken = whole;
        for (int change = 0; change < 4; change++) {
            state = state * 1664525 + 1013904223;
            broken[(state >> 8) % broken.size()] = static_cast<char>(state >> 24);
        }
        (void)parse_cni_result(broken);
    }
}

TEST_CASE("cni: a folder that changes") {
    const Root root;
    const auto source = make_cni_source(root.folder.path());
    CHECK(source->report().state == State::absent);

    root.write("/var/lib/cni/results/cbr0-1-eth0", cni_result("cart", "veth1", "10.0.0.1"));
    auto report = source->report();
    CHECK(report.state == State::up);
    CHECK(names_in(report) == List{"shop/cart"});
    CHECK_MESSAGE(source->report().names == report.names, "nothing new: the same pointer");

    root.write("/var/lib/cni/cache/results/cbr0-2-eth0", cni_result("dns", "veth2", "10.0.0.2"));
    CHECK(names_in(source->report()) == List{"shop/cart", "shop/dns"});

    // Created, seen, and only then written: the folder's time does not change any more.
    const std::string whole = cni_result("web", "veth3", "10.0.0.3");
    root.write("/var/lib/cni/results/cbr0-3-eth0", whole.substr(0, 100));
    CHECK(names_in(source->report()) == List{"shop/cart", "shop/dns"});
    root.write("/var/lib/cni/results/cbr0-3-eth0", whole);
    CHECK(names_in(source->report()) == List{"shop/cart", "shop/dns", "shop/web"});

    root.remove("/var/lib/cni/results/cbr0-1-eth0");
    CHECK(names_in(source->report()) == List{"shop/dns", "shop/web"});
    root.remove("/var/lib/cni/results");
    CHECK(names_in(source->report()) == List{"shop/dns"});
    root.remove("/var/lib/cni");
    report = source->report();
    CHECK(report.state == State::absent);
    CHECK(report.names->endpoints.empty());
}

TEST_CASE("cni: a file in a folder that is old is read when it is written to its end") {
    const Root root;
    const auto source = make_cni_source(root.folder.path());
    const std::string folder = root.folder.path() + "/var/lib/cni/results";
    const std::string whole = cni_result("web", "veth3", "10.0.0.3");
    root.write("/var/lib/cni/results/cbr0-3-eth0", "");
    timespec old[2] = {{1000, 0}, {1000, 0}};
    REQUIRE(::utimensat(AT_FDCWD, folder.c_str(), old, 0) == 0);
    CHECK(names_in(source->report()).empty());
    CHECK(names_in(source->report()).empty());
    root.write("/var/lib/cni/results/cbr0-3-eth0", whole);
    REQUIRE(::utimensat(AT_FDCWD, folder.c_str(), old, 0) == 0);
    CHECK(names_in(source->report()) == List{"shop/web"});
}

TEST_CASE("cni: what is no plain file, or too large, is left alone") {
    const Root root;
    const std::string folder = root.folder.path() + "/var/lib/cni/results";
    root.write("/var/lib/cni/results/good", cni_result("cart", "veth1", "10.0.0.1"));
    root.make("/var/lib/cni/results/folder");
    REQUIRE(::mkfifo((folder + "/pipe").c_str(), 0600) == 0);
    std::filesystem::create_symlink("/dev/zero", folder + "/endless");
    root.write("/var/lib/cni/results/huge", std::string(3 << 20, ' '));
    root.write("/var/lib/cni/results/\x1b[31m", "{");
    const auto source = make_cni_source(root.folder.path());
    const auto report = source->report();
    CHECK(report.state == State::up);
    CHECK(names_in(report) == List{"shop/cart"});
}

TEST_CASE("a folder that is a file is as if it were not there") {
    const Root root;
    root.write("/var/lib/cni/results", "x");
    const auto report = make_cni_source(root.folder.path())->report();
    CHECK(report.state != State::up);
    CHECK(report.names->endpoints.empty());
}

TEST_CASE("ipam: a container's id for each address") {
    const Root root;
    const auto source = make_ipam_source(root.folder.path());
    CHECK(source->report().state == State::absent);
    root.write("/var/lib/cni/networks/cbr0/10.0.0.1", "0123456789abcdef\r\neth0");
    root.write("/var/lib/cni/networks/cbr0/fd00::1", "fedcba9876543210");
    root.write("/var/lib/cni/networks/cbr0/last_reserved_ip.0", "10.0.0.1");
    root.write("/var/lib/cni/networks/cbr0/lock", "");
    root.write("/var/lib/cni/networks/other/10.1.0.1", "short");
    root.write("/var/lib/cni/networks/other/10.1.0.2", "\x1b[31mred");
    const auto report = source->report();
    CHECK(report.state == State::up);
    CHECK(names_in(report) == List{"0123456789ab", "fedcba987654", "short"});
    for (const auto &record : report.names->endpoints)
        CHECK(record.addresses.size() == 1);
    root.remove("/var/lib/cni/networks/cbr0");
    CHECK(names_in(source->report()) == List{"short"});
}

TEST_CASE("libvirt: a virtual machine, by its tap devices") {
    const Root root;
    const auto source = make_libvirt_source(root.folder.path());
    const std::string domain =
        "<!--\nWARNING: THIS IS AN AUTO-GENERATED FILE.\n-->\n<domstatus state='running' pid='7'>\n"
        "  <domain type='kvm' id='1'>\n    <name>web &amp; &lt;db&gt;</name>\n    <devices>\n"
        "      <disk type='file'><target dev='vda' bus='virtio'/></disk>\n"
        "      <interface type='bridge'>\n        <mac address='52:54:00:11:22:33'/>\n"
        "        <source bridge='virbr0'/>\n        <target dev='vnet0'/>\n      </interface>\n"
        "      <interface type='network'>\n        <mac address=\"52:54:00:11:22:34\"/>\n"
        "        <target dev=\"vnet1\"/>\n      </interface>\n"
        "      <interface type='user'>\n        <mac address='52:54:00:11:22:35'/>\n      </interface>\n"
        "    </devices>\n  </domain>\n</domstatus>\n";
    root.write("/run/libvirt/qemu/web.xml", domain);
    root.write("/run/libvirt/qemu/web.pid", "7");
    root.write("/run/libvirt/qemu/half.xml", domain.substr(0, 300));
    CHECK(source->report().names->endpoints ==
          std::vector<NameRecord>{{"web & <db>", "vnet0", "52:54:00:11:22:33", {}, 0},
                                  {"web & <db>", "vnet1", "52:54:00:11:22:34", {}, 0}});
    std::vector<NameRecord> records;
    for (std::size_t length = 0; length + sizeof "</domstatus>\n  </domain>" < domain.size(); length++)
        CHECK_FALSE(parse_domain(std::string_view(domain).substr(0, length), records));
    CHECK(records.empty());
}

TEST_CASE("sources: all in their order, or those that are wanted") {
    const auto ids = [](const std::vector<std::unique_ptr<NameSource>> &sources) {
        List list;
        for (const auto &source : sources)
            list.emplace_back(source->id());
        return list;
    };
    CHECK(ids(make_name_sources({})) == List(source_ids.begin(), source_ids.end()));
    CHECK(ids(make_name_sources({.wanted = {"ipam", "cni"}})) == List{"cni", "ipam"});
}
