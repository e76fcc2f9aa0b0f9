// SPDX-License-Identifier: BSD-2-Clause
// Words that several of doctor's rules use.
#pragma once

#include "model/audit.hpp"

#include <string>
#include <vector>

namespace brpath {

constexpr const char *family_name(bool ipv6) { return ipv6 ? "IPv6" : "IPv4"; }

// "iptables-nft (2 rules), IPVS (1 service)"
std::string list_of(const std::vector<MechanismUse> &mechanisms);

// "iptables-nft and IPVS"
std::string names_of(const std::vector<MechanismUse> &mechanisms);

// The setting of a bridge for a family; with the bridge's own attribute.
const FamilySetting &setting_of(const BridgeSummary &bridge, bool ipv6);

// A bridge that frames can cross.
bool has_pairs(const BridgeSummary &bridge);

// What fix_for_bypass() and its like want to know of a namespace.
Summary summary_for_fixes(const AuditFacts &facts);

} // namespace brpath
