// SPDX-License-Identifier: BSD-2-Clause
// The frames of the incident: a Service's request and what follows from it.
#pragma once

#include "flows.hpp"
#include "model/pairs.hpp"

namespace brpath::test {

inline const Header to_service{"10.244.1.11", 40000, "10.96.0.10", 80};
inline const Header to_backend{"10.244.1.11", 40000, "10.244.1.12", 8080};
inline const Header from_backend{"10.244.1.12", 8080, "10.244.1.11", 40000};
inline const Header from_service{"10.96.0.10", 80, "10.244.1.11", 40000};

constexpr std::uint8_t syn = 0x02, rst = 0x04, ack = 0x10;

inline void add(PairTable &table, const Flow &flow) { table.add(flow.key, flow.flow); }

inline Flow request(std::uint64_t frames) {
    return Flow(IPPROTO_TCP, to_service, frames)
        .leaves_as(to_backend)
        .is(BRPATH_ROUTED, BRPATH_TRACKED)
        .directed(BRPATH_DIR_ORIGINAL)
        .with_tcp(syn, static_cast<std::uint32_t>(frames), 0);
}

inline Flow broken_reply(std::uint64_t frames) {
    return Flow(IPPROTO_TCP, from_backend, frames).with_tcp(syn | ack, 0, 0);
}

inline Flow reset(std::uint64_t frames) {
    return Flow(IPPROTO_TCP, to_backend, frames).with_tcp(rst, 0, static_cast<std::uint32_t>(frames));
}

} // namespace brpath::test
