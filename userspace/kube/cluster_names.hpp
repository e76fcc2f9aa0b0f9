// SPDX-License-Identifier: BSD-2-Clause
// What the four collections say together. No input or output.
#pragma once

#include "kube/objects.hpp"

#include <map>
#include <string>

namespace brpath {

using KubeObjects = std::map<std::string, NameSet>; // key of the object: what it says

struct KubeCluster {
    KubeObjects nodes{};
    KubeObjects pods{}; // of the own node
    KubeObjects services{};
    KubeObjects slices{};
    bool uses_slices = false; // they are current, and the nodes are known
    std::string own_node{};
};

// The own node has no part in it: its name is that of the host, and its pods' network is the bridge's. An
// address that a node has is the node's, whichever pods use it as well (hostNetwork).
NameSet names_of_cluster(const KubeCluster &cluster);

} // namespace brpath
