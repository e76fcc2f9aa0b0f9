// SPDX-License-Identifier: BSD-2-Clause
#include "names/sources.hpp"

#include "names/folder_source.hpp"
#include "names/netns_source.hpp"
#include "names/node_source.hpp"

#include <algorithm>

namespace brpath {

namespace {

using Made = std::unique_ptr<NameSource>;

struct SourceKind {
    const char *id;
    Made (*make)(const std::string &root);
};

// In the order of trust: who made the endpoint, then who runs it, then what only holds it.
constexpr SourceKind kinds[] = {
    {"cni", make_cni_source},
    {"libvirt", make_libvirt_source},
    {"netns",
     [](const std::string &root) -> Made { return std::make_unique<NetnsSource>(root + "/run/netns"); }},
    {"node", [](const std::string &) -> Made { return std::make_unique<NodeSource>(); }},
    {"ipam", make_ipam_source},
};

} // namespace

std::vector<std::string> source_ids() {
    std::vector<std::string> ids;

    for (const auto &kind : kinds)
        ids.emplace_back(kind.id);
    return ids;
}

std::vector<std::unique_ptr<NameSource>> make_sources(const std::vector<std::string> &wanted,
                                                      const std::string &root) {
    std::vector<std::unique_ptr<NameSource>> sources;

    for (const auto &kind : kinds)
        if (wanted.empty() || std::find(wanted.begin(), wanted.end(), kind.id) != wanted.end())
            sources.push_back(kind.make(root));
    return sources;
}

} // namespace brpath
