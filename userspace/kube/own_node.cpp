// SPDX-License-Identifier: BSD-2-Clause
#include "kube/own_node.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace brpath {

namespace {

constexpr int forbidden = 403;

// As the kubelet writes its node's name.
std::string lower(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return name;
}

bool has_one_of(const KubeObject &node, const std::vector<std::string> &addresses) {
    const auto is_own = [&](const std::string &address) {
        return std::find(addresses.begin(), addresses.end(), address) != addresses.end();
    };

    return std::any_of(node.says.endpoints.begin(), node.says.endpoints.end(), [&](const NameRecord &record) {
        return std::any_of(record.addresses.begin(), record.addresses.end(), is_own);
    });
}

// The name first: with IPVS every node has the addresses of all Services, also those that are another node's.
const KubeObject *pick(const std::vector<KubeObject> &nodes, const Machine &machine) {
    const auto called = lower(machine.host_name);
    const KubeObject *by_address = nullptr;
    int having_one = 0;

    for (const auto &node : nodes) {
        if (node.key == called)
            return &node;
        if (has_one_of(node, machine.addresses)) {
            by_address = &node;
            having_one++;
        }
    }
    return having_one == 1 ? by_address : nullptr;
}

} // namespace

HttpResult<OwnNode> find_own_node(const KubeTransport &transport, const Machine &machine) {
    if (!machine.node_name.empty())
        return OwnNode{machine.node_name, false};
    const auto nodes = list_kube_objects(transport, {.kind = KubeKind::nodes, .path = kube_nodes_path});
    if (!nodes) {
        if (nodes.error().status == forbidden)
            return OwnNode{lower(machine.host_name), true};
        return tl::make_unexpected(nodes.error());
    }
    if (const KubeObject *node = pick(nodes->objects, machine))
        return OwnNode{node->key, false};
    return tl::make_unexpected(
        HttpFailure{{ErrorKind::failed, "use the Kubernetes API",
                     "this machine is none of its nodes: NODE_NAME says which one, if it is", ""}});
}

} // namespace brpath
