// SPDX-License-Identifier: BSD-2-Clause
#include "names/protocol_number.hpp"

#include <netinet/in.h>

namespace brpath {

std::uint8_t protocol_number(std::string_view name) {
    if (name == "tcp" || name == "TCP")
        return IPPROTO_TCP;
    if (name == "udp" || name == "UDP")
        return IPPROTO_UDP;
    return name == "sctp" || name == "SCTP" ? IPPROTO_SCTP : 0;
}

} // namespace brpath
