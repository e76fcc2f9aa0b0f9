// SPDX-License-Identifier: BSD-2-Clause
#include "app/name_sources.hpp"

#include "api/docker_source.hpp"
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
constexpr Made (*makers[])(const std::string &root) = {
    make_cni_source,
    [](const std::string &root) { return make_docker_source("docker", root + docker_socket); },
    [](const std::string &root) { return make_docker_source("podman", root + podman_socket); },
    [](const std::string &) -> Made { return std::make_unique<RulesSource>(); },
    make_libvirt_source,
    [](const std::string &root) -> Made { return std::make_unique<NetnsSource>(root + "/run/netns"); },
    [](const std::string &) -> Made { return std::make_unique<NodeSource>(); },
    make_overlay_source,
    make_ipam_source,
};
static_assert(std::size(makers) == source_ids.size());

} // namespace

std::vector<std::unique_ptr<NameSource>> make_name_sources(const std::vector<std::string> &wanted,
                                                           const std::string &root) {
    std::vector<std::unique_ptr<NameSource>> sources;

    for (std::size_t i = 0; i < source_ids.size(); i++)
        if (wanted.empty() || std::find(wanted.begin(), wanted.end(), source_ids.at(i)) != wanted.end())
            sources.push_back(makers[i](root));
    return sources;
}

} // namespace brpath
