// SPDX-License-Identifier: BSD-2-Clause
#include "kube/access.hpp"

#include "kernel/read_file.hpp"
#include "util/printable.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace brpath {

namespace {

constexpr std::size_t file_bytes_max = std::size_t{1} << 20;
constexpr const char *account_folder = "/var/run/secrets/kubernetes.io/serviceaccount";
constexpr std::array kubelet_files = {"/etc/kubernetes/kubelet.conf", "/var/lib/kubelet/kubeconfig",
                                      "/var/lib/rancher/k3s/agent/kubelet.kubeconfig"};

std::string variable(const char *name) {
    const char *value = std::getenv(name); // NOLINT(concurrency-mt-unsafe) nothing here sets a variable
    return value ? value : "";
}

Result<std::string> content_of(const std::string &path) {
    auto content = read_file(path, file_bytes_max);
    if (!content)
        return fail(ErrorKind::usage, "read " + printable(path),
                    std::generic_category().message(content.error()));
    return *content;
}

void trim_end(std::string &text) {
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())))
        text.pop_back();
}

Result<HttpServer> server_of_account(const KubePlaces &places, const std::string &folder) {
    const bool is_ipv6 = places.service_host.find(':') != std::string::npos;
    HttpServer server;
    auto authorities = content_of(folder + "/ca.crt");
    if (!authorities)
        return Failure(authorities.error());
    auto token = content_of(folder + "/token");
    if (!token)
        return Failure(token.error());
    trim_end(*token);
    trim_end(*authorities);
    if (authorities->empty()) // those of the system would be believed in its place
        return fail(ErrorKind::usage, "use " + printable(folder) + "/ca.crt", "it is empty");
    server.base_url = "https://" + (is_ipv6 ? "[" + places.service_host + "]" : places.service_host) + ":" +
                      (places.service_port.empty() ? "443" : places.service_port);
    server.authorities_pem = std::move(*authorities);
    server.bearer_token = std::move(*token);
    return server;
}

Result<HttpServer> server_of_file(const std::string &path) {
    return content_of(path).and_then([&](const std::string &content) {
        return parse_kubeconfig(content, path.substr(0, path.rfind('/') + 1), printable(path));
    });
}

std::string kubeconfig_of(const KubePlaces &places) {
    if (!places.kubeconfig.empty())
        return places.kubeconfig;
    return places.environment.substr(0, places.environment.find(':'));
}

} // namespace

KubePlaces kube_places(std::string kubeconfig, std::string root) {
    return {std::move(kubeconfig), variable("KUBECONFIG"), variable("KUBERNETES_SERVICE_HOST"),
            variable("KUBERNETES_SERVICE_PORT"), std::move(root)};
}

Result<std::optional<HttpServer>> find_kube_server(const KubePlaces &places) {
    const auto as_optional = [](HttpServer server) { return std::optional(std::move(server)); };
    const auto account = places.root + account_folder;

    if (const auto named = kubeconfig_of(places); !named.empty())
        return server_of_file(named).map(as_optional);
    if (!places.service_host.empty() && access((account + "/token").c_str(), F_OK) == 0)
        return server_of_account(places, account).map(as_optional);
    for (const char *file : kubelet_files)
        if (access((places.root + file).c_str(), F_OK) == 0)
            return server_of_file(places.root + file).map(as_optional);
    return std::nullopt;
}

} // namespace brpath
