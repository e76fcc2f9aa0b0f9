// SPDX-License-Identifier: BSD-2-Clause
// Which of the cluster's nodes this machine is.
#pragma once

#include "kube/list_watch.hpp"

#include <string>
#include <vector>

namespace brpath {

// What this machine knows of itself.
struct Machine {
    std::string node_name{};              // $NODE_NAME, which a DaemonSet sets; empty: not known
    std::string host_name{};              // what the kubelet calls its node unless told otherwise
    std::vector<std::string> addresses{}; // of the namespace that the kubelet runs in
};

struct OwnNode {
    std::string name{};
    bool is_guess = false; // the nodes may not be listed
};

// $NODE_NAME, else the node called like the host, else the only one that has one of the addresses. A failure
// if there is none: it may be the API of a cluster elsewhere.
HttpResult<OwnNode> find_own_node(const KubeTransport &transport, const Machine &machine);

} // namespace brpath
