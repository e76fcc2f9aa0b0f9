// SPDX-License-Identifier: BSD-2-Clause
// kube-proxy's Services, from the rules that the kernel has.
#pragma once

#include "services/kube_service.hpp"
#include "util/result.hpp"

namespace brpath {

struct KubeReading {
    bool is_there = false; // there are chains or maps of kube-proxy, with or without Services
    std::vector<KubeService> services{};
};

struct NftKubeReading {
    std::uint32_t generation = 0; // of the rules: as long as it stays, so does what was read
    KubeReading reading{};
};

// Those of the calling thread's network namespace. The first one reads iptables-nft and nftables mode, and
// only where NftPresence says that the kernel has nf_tables; the second one the older iptables. Both need
// CAP_NET_ADMIN in the namespace, load no module, and fail if there are more rules than they take.
Result<NftKubeReading> read_nft_kube_services();
Result<KubeReading> read_legacy_kube_services();

} // namespace brpath
