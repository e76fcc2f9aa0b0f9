// SPDX-License-Identifier: BSD-2-Clause
// What is sent: datagrams of one flow or of many, a stream, connections.
#pragma once

#include <memory>
#include <string>

#include "bench/load_net.hpp"

namespace brpath::bench {

struct Endpoints {
    std::string from, to;
    // Of hand-made frames only.
    std::string from_mac, to_mac;
    std::uint64_t flows = 1;
};

class Work {
  public:
    virtual ~Work() = default;
    // Sends so many. What is measured: it makes as few system calls as there can be.
    virtual void run(int count) = 0;
    // Takes away what has come, and fails if that is not what was sent.
    virtual void clear() {}
};

// udp, flows, stream or connect. Returns in the namespace of the sender, and everything is ready to send.
std::unique_ptr<Work> make_work(const std::string &name, const Namespace &sender, const Namespace &receiver,
                                const Endpoints &endpoints);

} // namespace brpath::bench
