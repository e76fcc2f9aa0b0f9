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

OwnNode pick(const std::vector<KubeObject> &nodes, const Machine &machine) {
    const auto called = lower(machine.host_name);
    auto found = std::find_if(nodes.begin(), nodes.end(),
                              [&](const KubeObject &node) { return has_one_of(node, machine.addresses); });

    if (found == nodes.end())
        found = std::find_if(nodes.begin(), nodes.end(),
                             [&](const KubeObject &node) { return node.key == called; });
    return found == nodes.end() ? OwnNode{called, true} : OwnNode{found->key, false};
}

} // namespace

HttpResult<OwnNode> find_own_node(const KubeTransport &transport, const Machine &machine) {
    if (!machine.node_name.empty())
        return OwnNode{machine.node_name, false};
    const auto nodes = list_kube_objects(transport, {.kind = KubeKind::nodes, .path = kube_nodes_path});
    if (nodes)
        return pick(nodes->objects, machine);
    if (nodes.error().status == forbidden)
        return OwnNode{lower(machine.host_name), true};
    return tl::make_unexpected(nodes.error());
}

} // namespace brpath
