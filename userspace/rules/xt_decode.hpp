// SPDX-License-Identifier: BSD-2-Clause
// The extensions of iptables, which come through nftables (compat) as well as through the older interface.
#pragma once

#include "rules/forward_rules.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace brpath {

// What an extension's match asks; an unknown one if it is not understood or too short.
std::vector<Match> decode_xt_match(std::string_view name, int revision, std::span<const std::byte> info);

// What the match "comment" says, as its writer wrote it; nullopt for any other match.
std::optional<std::string> decode_xt_comment(std::string_view name, std::span<const std::byte> info);

// What a target with a name does: `next` for those that only note or change something.
Verdict decode_xt_target(std::string_view name);

// What it does besides. REDIRECT is none: it leads to the host itself.
Effect decode_xt_effect(std::string_view name, std::span<const std::byte> info);

} // namespace brpath
