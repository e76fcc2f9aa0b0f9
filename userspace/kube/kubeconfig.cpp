// SPDX-License-Identifier: BSD-2-Clause
// A kubeconfig file: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
#include "kube/access.hpp"

#include "kernel/read_file.hpp"
#include "util/printable.hpp"

#include <cctype>
#include <system_error>
#include <utility>
#include <yaml-cpp/binary.h>
#include <yaml-cpp/yaml.h>

namespace brpath {

namespace {

constexpr std::size_t file_bytes_max = std::size_t{1} << 20;

// What is needed of the file it is about, while it is read.
struct Source {
    const std::string &folder;
    const std::string &label;

    [[nodiscard]] Failure refuse(std::string why, std::string hint = {}) const {
        return fail(ErrorKind::usage, "use the kubeconfig " + label, std::move(why), std::move(hint));
    }
};

std::string text_at(const YAML::Node &node, const char *key) {
    return node.IsMap() && node[key] && node[key].IsScalar() ? node[key].Scalar() : "";
}

bool is_true_at(const YAML::Node &node, const char *key) {
    return node.IsMap() && node[key] && node[key].IsScalar() && node[key].as<bool>(false);
}

// `list` has entries of a name and what stands under `key`.
YAML::Node named(const YAML::Node &list, const char *key, const std::string &name) {
    if (list.IsDefined() && list.IsSequence()) // what is missing may be asked nothing else
        for (const auto &entry : list)
            if (text_at(entry, "name") == name && entry[key])
                return entry[key];
    return YAML::Node(YAML::NodeType::Undefined);
}

Result<std::string> read(const Source &source, const std::string &path) {
    const auto whole = path.starts_with('/') ? path : source.folder + path;
    auto content = read_file(whole, file_bytes_max);
    if (!content)
        return fail(ErrorKind::usage, "read " + printable(whole) + ", which " + source.label + " names",
                    std::generic_category().message(content.error()));
    return *content;
}

// What stands in the file itself (`key`-data, in base64), else in the file that it names; empty if neither.
Result<std::string> pem_at(const Source &source, const YAML::Node &node, const std::string &key) {
    if (const auto data = text_at(node, (key + "-data").c_str()); !data.empty()) {
        const auto bytes = YAML::DecodeBase64(data);
        if (bytes.empty())
            return source.refuse(key + "-data is no base64");
        return std::string(bytes.begin(), bytes.end());
    }
    const auto path = text_at(node, key.c_str());
    return path.empty() ? Result<std::string>("") : read(source, path);
}

Result<void> read_cluster(const Source &source, const YAML::Node &cluster, HttpServer &server) {
    server.base_url = text_at(cluster, "server");
    while (server.base_url.ends_with('/'))
        server.base_url.pop_back();
    if (is_true_at(cluster, "insecure-skip-tls-verify"))
        return source.refuse("it asks not to verify the server's certificate (insecure-skip-tls-verify)",
                             "brpath always verifies: give the cluster's certificate-authority");
    if (!server.base_url.starts_with("https://"))
        return source.refuse("its server '" + printable(server.base_url) + "' is no https:// address",
                             "brpath asks over TLS only");
    if (server.base_url.find('@') != std::string::npos)
        return source.refuse("its server has a user's name or a password in its address");
    for (const char *key : {"tls-server-name", "proxy-url"})
        if (cluster[key])
            return source.refuse(std::string(key) + " is not supported",
                                 "brpath respects $HTTPS_PROXY and $NO_PROXY");
    auto authorities = pem_at(source, cluster, "certificate-authority");
    if (!authorities)
        return Failure(authorities.error());
    // Else those of the system would be believed in its place.
    if (authorities->empty() && (cluster["certificate-authority"] || cluster["certificate-authority-data"]))
        return source.refuse("its certificate-authority is empty");
    server.authorities_pem = std::move(*authorities);
    return {};
}

Result<void> read_token(const Source &source, const YAML::Node &user, HttpServer &server) {
    if (const auto path = text_at(user, "tokenFile"); !path.empty()) {
        auto token = read(source, path);
        if (!token)
            return Failure(token.error());
        server.bearer_token = std::move(*token);
    } else {
        server.bearer_token = text_at(user, "token");
    }
    while (!server.bearer_token.empty() &&
           std::isspace(static_cast<unsigned char>(server.bearer_token.back())))
        server.bearer_token.pop_back();
    return {};
}

Result<void> read_user(const Source &source, const YAML::Node &user, HttpServer &server) {
    if (user["exec"] || user["auth-provider"])
        return source.refuse(
            "a program makes its credentials, and brpath runs none",
            "give a kubeconfig with a token or a client certificate: docs/names.md has one for a "
            "service account that may only list and watch");
    if (user["username"] || user["password"])
        return source.refuse("it has a password, which no current Kubernetes takes",
                             "give one with a token or a client certificate");
    if (auto done = read_token(source, user, server); !done)
        return done;
    auto certificate = pem_at(source, user, "client-certificate");
    if (!certificate)
        return Failure(certificate.error());
    auto key = pem_at(source, user, "client-key");
    if (!key)
        return Failure(key.error());
    server.certificate_pem = std::move(*certificate);
    server.key_pem = std::move(*key);
    return {};
}

Result<HttpServer> read_config(const Source &source, const YAML::Node &config) {
    const auto current = text_at(config, "current-context");
    HttpServer server;

    if (!config.IsMap() || current.empty())
        return source.refuse("it has no current-context", "choose one: kubectl config use-context NAME");
    const auto context = named(config["contexts"], "context", current);
    if (!context)
        return source.refuse("it has no context '" + printable(current) + "'");
    const auto cluster = named(config["clusters"], "cluster", text_at(context, "cluster"));
    if (!cluster)
        return source.refuse("the context '" + printable(current) + "' names a cluster that is not there");
    if (auto done = read_cluster(source, cluster, server); !done)
        return Failure(done.error());
    const auto user = named(config["users"], "user", text_at(context, "user"));
    if (!user || !user.IsMap())
        return source.refuse("the context '" + printable(current) + "' names a user that is not there");
    if (auto done = read_user(source, user, server); !done)
        return Failure(done.error());
    return server;
}

} // namespace

Result<HttpServer> parse_kubeconfig(const std::string &content, const std::string &folder,
                                    const std::string &label) {
    const Source source{folder, label};

    try { // yaml-cpp's errors end here
        return read_config(source, YAML::Load(content));
    } catch (const YAML::Exception &error) {
        return source.refuse(printable(error.what()));
    }
}

} // namespace brpath
