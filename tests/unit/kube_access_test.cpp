// SPDX-License-Identifier: BSD-2-Clause
#include "kube/access.hpp"
#include "temporary_folder.hpp"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <tuple>

namespace {

using namespace brpath;
using brpath::test::TemporaryFolder;

std::string kubeconfig(const std::string &cluster, const std::string &user) {
    return "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
           "contexts:\n- name: other\n  context: {cluster: none, user: none}\n"
           "- name: here\n  context: {cluster: home, user: observer}\n"
           "clusters:\n- name: home\n  cluster:\n" +
           cluster + "users:\n- name: observer\n  user:\n" + user;
}

constexpr const char *cluster = "    server: https://192.0.2.1:6443/\n    certificate-authority-data: Q0E=\n";

std::string refusal(const std::string &content) {
    const auto server = parse_kubeconfig(content, "/nowhere/", "FILE");
    REQUIRE_FALSE(server);
    CHECK_EQ(server.error().kind, ErrorKind::usage);
    CHECK_EQ(server.error().tried, "use the kubeconfig FILE");
    return server.error().why;
}

TEST_CASE("a kubeconfig with a token, with certificates in the file and beside it") {
    const TemporaryFolder folder;
    std::ignore = folder.write("ca.crt", "authority");
    std::ignore = folder.write("token", "abc\n");

    auto server = parse_kubeconfig(kubeconfig(cluster, "    token: secret\n"), "/nowhere/", "FILE");
    REQUIRE(server);
    CHECK_EQ(server->base_url, "https://192.0.2.1:6443");
    CHECK_EQ(server->authorities_pem, "CA");
    CHECK_EQ(server->bearer_token, "secret");

    server = parse_kubeconfig(kubeconfig("    server: https://api:6443\n    certificate-authority: ca.crt\n",
                                         "    tokenFile: token\n    client-certificate-data: Q0VSVA==\n"
                                         "    client-key-data: S0VZ\n"),
                              folder.path() + "/", "FILE");
    REQUIRE(server);
    CHECK_EQ(server->authorities_pem, "authority");
    CHECK_EQ(server->bearer_token, "abc");
    CHECK_EQ(server->certificate_pem, "CERT");
    CHECK_EQ(server->key_pem, "KEY");
}

TEST_CASE("what a kubeconfig may not ask for") {
    CHECK_EQ(refusal(kubeconfig("    server: https://api\n    insecure-skip-tls-verify: true\n",
                                "    token: x\n")),
             "it asks not to verify the server's certificate (insecure-skip-tls-verify)");
    CHECK_EQ(refusal(kubeconfig("    server: http://api:8080\n", "    token: x\n")),
             "its server 'http://api:8080' is no https:// address");
    CHECK_EQ(refusal(kubeconfig(cluster, "    exec: {command: aws}\n")),
             "a program makes its credentials, and brpath runs none");
    CHECK_EQ(refusal(kubeconfig(cluster, "    username: admin\n")),
             "it has a password, which no current Kubernetes takes");
    CHECK_EQ(refusal("current-context: x\ncontexts: []\n"), "it has no context 'x'");
    CHECK_EQ(refusal("clusters: []\n"), "it has no current-context");
    CHECK_EQ(refusal("just a word\n"), "it has no current-context");
    CHECK_EQ(refusal("current-context: h\ncontexts:\n- name: h\n  context: {cluster: \"c\\n\"}\n"),
             "the context 'h' names a cluster that is not there");
    CHECK_EQ(refusal(kubeconfig(std::string(cluster) + "    tls-server-name: x\n", "    token: x\n")),
             "tls-server-name is not supported");
    CHECK_EQ(refusal(kubeconfig("    server: https://user:secret@api\n", "    token: x\n")),
             "its server has a user's name or a password in its address");
    CHECK_EQ(refusal(kubeconfig("    server: https://api\n    certificate-authority: /dev/null\n",
                                "    token: x\n")),
             "its certificate-authority is empty");
    CHECK(refusal("a: [unclosed").find("end of sequence") != std::string::npos);
    CHECK_EQ(refusal(kubeconfig("    server: https://api\n    certificate-authority-data: '%%'\n",
                                "    token: x\n")),
             "certificate-authority-data is no base64");
}

TEST_CASE("which of the places counts") {
    const TemporaryFolder root;
    const auto make = [&](const std::string &path, const std::string &content) {
        std::filesystem::create_directories(std::filesystem::path(root.path() + path).parent_path());
        std::ignore = root.write(path.substr(1), content);
    };
    const auto url = [](const KubePlaces &places) {
        const auto server = find_kube_server(places);
        REQUIRE(server);
        return *server ? (*server)->base_url : "none";
    };

    CHECK_EQ(url({.root = root.path()}), "none");
    make("/etc/kubernetes/kubelet.conf", kubeconfig("    server: https://kubelet\n", "    token: x\n"));
    CHECK_EQ(url({.root = root.path()}), "https://kubelet");
    CHECK_EQ(url({.service_host = "10.96.0.1", .root = root.path()}),
             "https://kubelet"); // no service account
    make("/var/run/secrets/kubernetes.io/serviceaccount/token", "abc\n");
    make("/var/run/secrets/kubernetes.io/serviceaccount/ca.crt", "authority");
    CHECK_EQ(url({.service_host = "10.96.0.1", .service_port = "6443", .root = root.path()}),
             "https://10.96.0.1:6443");
    CHECK_EQ(url({.service_host = "fd00::1", .root = root.path()}), "https://[fd00::1]:443");
    CHECK_EQ((*find_kube_server({.service_host = "10.96.0.1", .root = root.path()}))->bearer_token, "abc");
    make("/one", kubeconfig("    server: https://environment\n", "    token: x\n"));
    make("/two", kubeconfig("    server: https://named\n", "    token: x\n"));
    CHECK_EQ(
        url({.environment = root.path() + "/one:/other", .service_host = "10.96.0.1", .root = root.path()}),
        "https://environment");
    CHECK_EQ(url({.kubeconfig = root.path() + "/two", .environment = root.path() + "/one"}), "https://named");
    CHECK_FALSE(find_kube_server({.kubeconfig = root.path() + "/absent"}));
}

} // namespace
