// SPDX-License-Identifier: BSD-2-Clause
// What Docker's Engine API says of containers, which Podman speaks as well.
#pragma once

#include "names/records.hpp"

#include <optional>
#include <string_view>

namespace brpath {

// The answer to GET /containers/json. A container of a compose project is "project/service-1", others go by
// their own name; published ports are Services named after their container. nullopt if it is no such answer.
std::optional<NameSet> parse_containers(std::string_view answer);

} // namespace brpath
