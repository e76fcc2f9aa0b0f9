// SPDX-License-Identifier: BSD-2-Clause
// Where the Kubernetes API is, and as whom to ask it.
#pragma once

#include "api/http.hpp"
#include "util/result.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace brpath {

// The first one there is counts: a kubeconfig that was named, that of $KUBECONFIG, the service account of a
// pod, the kubelet's own kubeconfig. Unless it was named, nobody's home folder and no administrator's file:
// brpath needs less than they may.
struct KubePlaces {
    std::string kubeconfig{};   // of --kubeconfig; empty: not given
    std::string environment{};  // $KUBECONFIG; of a list the first one
    std::string service_host{}; // $KUBERNETES_SERVICE_HOST, which every pod has
    std::string service_port{}; // $KUBERNETES_SERVICE_PORT
    std::string root{};         // goes before the paths that are not given; for tests
};

// From the environment of this process.
KubePlaces kube_places(std::string kubeconfig, std::string root);

// nullopt: this is no node of Kubernetes, as far as can be seen. Error: there is a configuration and it
// cannot be used. Reads the files anew each time, for tokens and certificates are renewed.
Result<std::optional<HttpServer>> find_kube_server(const KubePlaces &places);

// A kubeconfig's current context. `folder` is the one that its relative paths begin at; `label` stands for
// the file in errors. Refused, with what to do: a server without TLS, insecure-skip-tls-verify, programs that
// make credentials (exec, auth-provider), user names with passwords.
Result<HttpServer> parse_kubeconfig(const std::string &content, const std::string &folder,
                                    const std::string &label);

} // namespace brpath
