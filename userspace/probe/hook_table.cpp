// SPDX-License-Identifier: BSD-2-Clause
#include "probe/hook_table.hpp"

#include <array>
#include <brpath/abi.h>
#include <linux/bpf.h>

namespace brpath {

namespace {

using enum AttachKind;

constexpr const char *bridge = "bridge";
constexpr const char *nf_conntrack = "nf_conntrack";
constexpr const char *built_in = nullptr;

constexpr std::array enter{
    Candidate{fentry, bridge, "br_handle_frame", "fentry_br_handle_frame", BPF_FUNC_get_func_arg},
    Candidate{kprobe, bridge, "br_handle_frame", "kprobe_br_handle_frame"},
    Candidate{tracepoint, built_in, "netif_receive_skb", "tp_netif_receive_skb", 0, BRPATH_TP_ENTER},
};
constexpr std::array conntrack{
    Candidate{fexit, nf_conntrack, "nf_conntrack_in", "fexit_nf_conntrack_in"},
    Candidate{kprobe, nf_conntrack, "nf_conntrack_in", "kprobe_nf_conntrack_in"},
};
// One function for both families since "netfilter: merge ipv4+ipv6 confirm functions" (after v6.1). The old
// ones come first: beside them there was a static nf_confirm() with other arguments.
constexpr std::array settled_ipv4{
    Candidate{kprobe, nf_conntrack, "ipv4_confirm", "kprobe_ipv4_confirm"},
    Candidate{kprobe, nf_conntrack, "nf_confirm", "kprobe_nf_confirm"},
};
constexpr std::array settled_ipv6{
    Candidate{kprobe, nf_conntrack, "ipv6_confirm", "kprobe_ipv6_confirm"},
    Candidate{kprobe, nf_conntrack, "nf_confirm", "kprobe_nf_confirm"},
};
constexpr std::array confirm{
    Candidate{fentry, nf_conntrack, "__nf_conntrack_confirm", "fentry___nf_conntrack_confirm"},
    Candidate{kprobe, nf_conntrack, "__nf_conntrack_confirm", "kprobe___nf_conntrack_confirm"},
};
constexpr std::array up{
    Candidate{fentry, built_in, "netif_receive_skb", "fentry_netif_receive_skb"},
    Candidate{kprobe, built_in, "netif_receive_skb", "kprobe_netif_receive_skb"},
    Candidate{tracepoint, built_in, "netif_receive_skb", "tp_netif_receive_skb", 0, BRPATH_TP_UP},
};
constexpr std::array leave{
    Candidate{fentry, bridge, "br_dev_queue_push_xmit", "fentry_br_dev_queue_push_xmit"},
    Candidate{kprobe, bridge, "br_dev_queue_push_xmit", "kprobe_br_dev_queue_push_xmit"},
    Candidate{tracepoint, built_in, "net_dev_queue", "tp_net_dev_queue", 0, BRPATH_TP_LEAVE},
};
constexpr std::array queued{
    Candidate{fentry, built_in, "nf_queue", "fentry_nf_queue"},
    Candidate{kprobe, built_in, "nf_queue", "kprobe_nf_queue"},
};
constexpr std::array unresolved{
    Candidate{fentry, built_in, "__neigh_event_send", "fentry___neigh_event_send"},
    Candidate{kprobe, built_in, "__neigh_event_send", "kprobe___neigh_event_send"},
};
constexpr std::array drop{
    Candidate{tracepoint, built_in, "kfree_skb", "tp_kfree_skb", 0, 0, true},
};

constexpr std::array hooks{
    Hook{"enter", "frames entering by a port", true, enter},
    Hook{"conntrack", "what conntrack made of frames that go up and do not come back", false, conntrack},
    Hook{"settled-ipv4",
         "the same, where the return of conntrack's function is not seen",
         false,
         settled_ipv4,
         {"conntrack", kprobe}},
    Hook{"settled-ipv6", "the same for IPv6", false, settled_ipv6, {"conntrack", kprobe}},
    Hook{"confirm", "translations of connections that leave this node", false, confirm},
    Hook{"up", "frames handed to the host's stack", true, up},
    Hook{"leave", "frames leaving by a port", true, leave},
    Hook{wait_hooks[0], "which frames wait for a verdict of user space", false, queued},
    Hook{wait_hooks[1], "which frames wait for their neighbour", false, unresolved},
    Hook{"drop", "what conntrack made of frames that are dropped", false, drop},
};

} // namespace

std::span<const Hook> hook_table() { return hooks; }

const char *backend_name(AttachKind kind) {
    switch (kind) {
    case kprobe:
        return "kprobe";
    case tracepoint:
        return "tracepoint";
    default:
        return "fentry";
    }
}

} // namespace brpath
