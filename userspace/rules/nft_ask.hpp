// SPDX-License-Identifier: BSD-2-Clause
// Asking nf_tables, without ever making the kernel load it.
#pragma once

#include "kernel/netlink.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace brpath {

// Whether the kernel has nf_tables: asking one that has not would make it load the module. What is built in
// is found once, in kallsyms; a module is looked for at each call, for it may go.
class NftPresence {
  public:
    NftPresence();
    [[nodiscard]] bool is_there() const;

  private:
    bool nf_tables_is_built_in_ = false;
    bool nfnetlink_is_built_in_ = false;
};

struct NftRequest {
    int type = 0;            // NFT_MSG_GET*
    int flags = 0;           // NLM_F_DUMP, or none
    std::uint8_t family = 0; // NFPROTO_*
    // NFTA_* and the name of a table, a chain or a set
    std::vector<std::pair<int, std::string>> names{};
};

// In the calling thread's namespace, only where NftPresence says that there is somebody to ask. errno if it
// failed: ENOENT if a name is not there, EPERM without CAP_NET_ADMIN.
tl::expected<NetlinkSocket::Outcome, int> ask_nft(const NftRequest &request, const MessageHandler &handle);

// The number that changes with each change of the namespace's rules.
tl::expected<std::uint32_t, int> ask_nft_generation();

} // namespace brpath
