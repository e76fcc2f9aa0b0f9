// SPDX-License-Identifier: BSD-2-Clause
#include "app/name_sources.hpp"

#include "api/docker_source.hpp"
#include "kube/kube_source.hpp"
#include "names/folder_source.hpp"
#include "names/netns_source.hpp"
#include "names/node_source.hpp"
#include "names/overlay_source.hpp"
#include "names/source_ids.hpp"
#include "services/rules_source.hpp"

#include <algorithm>
#include <iterator>

namespace brpath {

namespace {

using Made = std::unique_ptr<NameSource>;

// As source_ids has them.
using Options = NameSourceOptions;
constexpr Made (*makers[])(const Options &options) = {
    [](const Options &options) { return make_docker_source("docker", options.root + docker_socket); },
    [](const Options &options) { return make_docker_source("podman", options.root + podman_socket); },
    [](const Options &options) { return make_cni_source(options.root); },
    [](const Options &options) { return make_kube_source(kube_places(options.kubeconfig, options.root)); },
    [](const Options &) -> Made { return std::make_unique<RulesSource>(); },
    [](const Options &options) { return make_libvirt_source(options.root); },
    [](const Options &options) -> Made { return std::make_unique<NetnsSource>(options.root + "/run/netns"); },
    [](const Options &) -> Made { return std::make_unique<NodeSource>(); },
    [](const Options &options) { return make_overlay_source(options.root); },
    [](const Options &options) { return make_ipam_source(options.root); },
};
static_assert(std::size(makers) == source_ids.size());

} // namespace

std::vector<std::unique_ptr<NameSource>> make_name_sources(const NameSourceOptions &options) {
    const auto &wanted = options.wanted;
    std::vector<std::unique_ptr<NameSource>> sources;

    for (std::size_t i = 0; i < source_ids.size(); i++)
        if (wanted.empty() || std::find(wanted.begin(), wanted.end(), source_ids.at(i)) != wanted.end())
            sources.push_back(makers[i](options));
    return sources;
}

} // namespace brpath
