// SPDX-License-Identifier: BSD-2-Clause
// Tells whether listing the network devices again could show anything new.
#pragma once

#include <libmnl/libmnl.h>
#include <memory>

namespace brpath {

// Subscribed to what rtnetlink tells about devices in the namespace that the calling thread was in at first
// use: the kernel announces devices that come, go, change their name or master, and each change of a bridge's
// attributes, through sysfs as well as through netlink (br_sysfs_br.c, br_netlink.c).
class LinkEvents {
  public:
    // Something was announced since the last call, or may have been: true at first, true when announcements
    // were lost, and always true if the kernel refuses the subscription. Never waits. Ask before listing.
    bool any();

  private:
    struct Close {
        void operator()(mnl_socket *socket) const { mnl_socket_close(socket); }
    };

    bool subscribe();

    std::unique_ptr<mnl_socket, Close> socket_;
};

} // namespace brpath
