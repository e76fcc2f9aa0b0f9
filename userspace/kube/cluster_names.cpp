// SPDX-License-Identifier: BSD-2-Clause
#include "kube/cluster_names.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace brpath {

namespace {

using Addresses = std::set<std::string, std::less<>>;

template <typename Record> void append(std::vector<Record> &to, const std::vector<Record> &from) {
    to.insert(to.end(), from.begin(), from.end());
}

Addresses addresses_of(const KubeObjects &nodes) {
    Addresses addresses;

    for (const auto &[name, says] : nodes)
        for (const auto &record : says.endpoints)
            addresses.insert(record.addresses.begin(), record.addresses.end());
    return addresses;
}

// A pod is behind several Services, and in several of their slices.
void add_pods_of_slices(const KubeObjects &slices, const Addresses &of_nodes, NameSet &names) {
    std::map<std::string_view, Addresses> pods;

    for (const auto &[key, says] : slices)
        for (const auto &record : says.endpoints)
            for (const auto &address : record.addresses)
                if (!of_nodes.contains(address))
                    pods[record.name].insert(address);
    for (const auto &[name, addresses] : pods)
        names.endpoints.push_back({std::string(name), "", "", {addresses.begin(), addresses.end()}});
}

} // namespace

NameSet names_of_cluster(const KubeCluster &cluster) {
    NameSet names;

    for (const auto &[name, says] : cluster.nodes)
        if (name != cluster.own_node) {
            append(names.endpoints, says.endpoints);
            append(names.networks, says.networks);
        }
    for (const auto &[key, says] : cluster.pods)
        append(names.endpoints, says.endpoints);
    if (cluster.uses_slices)
        add_pods_of_slices(cluster.slices, addresses_of(cluster.nodes), names);
    for (const auto &[key, says] : cluster.services)
        append(names.services, says.services);
    return names;
}

} // namespace brpath
