// SPDX-License-Identifier: BSD-2-Clause
// What objects of the Kubernetes API say about names. No input or output.
#pragma once

#include "names/json_fields.hpp"
#include "names/records.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace brpath {

enum class KubeKind : std::uint8_t { nodes, pods, services, slices };

struct KubeObject {
    std::string key{}; // tells it from the others of its kind: "shop/cart", as the API has it
    NameSet says{};    // empty: nothing of use

    bool operator==(const KubeObject &) const = default;
};

// nodes: the node with its addresses, and the networks of its pods.
// pods: the pod with its addresses, unless it has ended, is about to, or has the node's own address
// (hostNetwork). services: addresses and ports, and those of the nodes. slices: the pods behind a Service,
// but for those of `own_node`, of which the pods themselves tell, and sooner.
// An object without a name has an empty key.
KubeObject read_kube_object(KubeKind kind, const json::Value &object, std::string_view own_node);

} // namespace brpath
