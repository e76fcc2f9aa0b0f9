// SPDX-License-Identifier: BSD-2-Clause
// Where a rule stands, in words.
#pragma once

#include "rules/forward_rules.hpp"

#include <cstddef>
#include <string>

namespace brpath {

inline bool sees(const Table &table, const Question &question) {
    return table.family == TableFamily::inet || (table.family == TableFamily::ip6) == question.ipv6;
}

// "table ip filter, chain X, rule 7"; rules count from 1, and 0 is the policy.
inline std::string rule_text(const Table &table, const std::string &chain, std::size_t rule) {
    const char *const family = table.family == TableFamily::ip    ? "ip"
                               : table.family == TableFamily::ip6 ? "ip6"
                                                                  : "inet";
    return std::string("table ") + family + ' ' + table.name + (table.is_legacy ? " (legacy)" : "") +
           ", chain " + chain + (rule == 0 ? ", policy" : ", rule " + std::to_string(rule));
}

} // namespace brpath
