// SPDX-License-Identifier: BSD-2-Clause
// Reads what `brpath doctor` judges. It changes nothing and loads no module.
#pragma once

#include "kernel/links.hpp"
#include "kernel/netns.hpp"
#include "model/audit.hpp"
#include "probe/conntrack_hooks.hpp"
#include "rules/nft_ask.hpp"

#include <string>
#include <vector>

namespace brpath {

// What is the same for every namespace is read once.
class FactReader {
  public:
    FactReader();

    // Of the calling thread's namespace, whose name, path or nothing is `label`. What cannot be read is said
    // in the facts. `only_bridge` empty: all.
    [[nodiscard]] AuditFacts read(const std::string &label, std::uint32_t inode,
                                  const std::string &only_bridge) const;

  private:
    void read_conntrack(AuditFacts &facts) const;
    void read_rules(AuditFacts &facts, const std::vector<Link> &links) const;

    NftPresence nf_tables_;
    Result<ConntrackHooks> conntrack_;
};

} // namespace brpath
