// SPDX-License-Identifier: BSD-2-Clause
#include "probe/hook_table.hpp"

#include <array>
#include <brpath/abi.h>
#include <linux/bpf.h>

namespace brpath {

namespace {

using enum AttachKind;

constexpr std::array enter{
    Candidate{fentry, "br_handle_frame", "fentry_br_handle_frame", BPF_FUNC_get_func_arg, 0},
    Candidate{tracepoint, "netif_receive_skb", "tp_netif_receive_skb", 0, BRPATH_TP_ENTER},
};
constexpr std::array conntrack{
    Candidate{fexit, "nf_conntrack_in", "fexit_nf_conntrack_in", 0, 0},
};
constexpr std::array confirm{
    Candidate{fentry, "__nf_conntrack_confirm", "fentry___nf_conntrack_confirm", 0, 0},
};
constexpr std::array up{
    Candidate{fentry, "netif_receive_skb", "fentry_netif_receive_skb", 0, 0},
    Candidate{tracepoint, "netif_receive_skb", "tp_netif_receive_skb", 0, BRPATH_TP_UP},
};
constexpr std::array leave{
    Candidate{fentry, "br_dev_queue_push_xmit", "fentry_br_dev_queue_push_xmit", 0, 0},
    Candidate{tracepoint, "net_dev_queue", "tp_net_dev_queue", 0, BRPATH_TP_LEAVE},
};

constexpr std::array hooks{
    Hook{"enter", "frames entering by a port", true, enter},
    Hook{"conntrack", "what conntrack made of frames that go up and do not come back", false, conntrack},
    Hook{"confirm", "translations of connections that leave this node", false, confirm},
    Hook{"up", "frames handed to the host's stack", true, up},
    Hook{"leave", "frames leaving by a port", true, leave},
};

} // namespace

std::span<const Hook> hook_table() { return hooks; }

const char *backend_name(AttachKind kind) { return kind == tracepoint ? "tracepoint" : "fentry"; }

} // namespace brpath
