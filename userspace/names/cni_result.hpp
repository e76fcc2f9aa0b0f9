// SPDX-License-Identifier: BSD-2-Clause
// What libcni keeps of each endpoint that it connected; nothing here reads a file.
#pragma once

#include "names/records.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace brpath {

struct CniResult {
    NameRecord endpoint;                 // without a name if it has neither addresses nor a port: of no use
    std::vector<ServiceRecord> services; // the node's ports that lead to it, as "namespace/pod:port"
};

// One file of libcni's result cache ("kind": "cniCacheV1"). The name is "namespace/pod" where the runtime
// said so (Kubernetes), or what it calls the container (Podman), else the first twelve characters of the
// container's id. nullopt: it is no such file, or not whole.
std::optional<CniResult> parse_cni_result(std::string_view content);

// A container's id as people see it: its first twelve characters, safe to print; empty if it is no id.
std::string short_id(std::string_view id);

// As inet_ntop writes it, without the prefix length; nullopt for what is no address, and for those that many
// have: loopback and link-local.
std::optional<std::string> endpoint_address(std::string_view written);

} // namespace brpath
