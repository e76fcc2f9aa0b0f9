// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <string>

namespace brpath {

// A time since the epoch, in UTC and to the second: "2026-01-31T23:59:59Z".
std::string rfc3339(std::int64_t realtime_ns);

// CLOCK_REALTIME, in nanoseconds.
std::int64_t realtime_ns();

// CLOCK_MONOTONIC, which the programs' times are of.
std::uint64_t monotonic_ns();

} // namespace brpath
