// SPDX-License-Identifier: BSD-2-Clause
#include "util/time.hpp"

#include <ctime>
#include <fmt/format.h>

namespace brpath {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

std::int64_t read_clock(clockid_t clock) {
    timespec now{};

    clock_gettime(clock, &now);
    return now.tv_sec * second_ns + now.tv_nsec;
}

} // namespace

std::string rfc3339(std::int64_t realtime_ns) {
    const std::time_t seconds = realtime_ns / second_ns;
    std::tm broken_down{};

    gmtime_r(&seconds, &broken_down);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", broken_down.tm_year + 1900,
                       broken_down.tm_mon + 1, broken_down.tm_mday, broken_down.tm_hour, broken_down.tm_min,
                       broken_down.tm_sec);
}

std::int64_t realtime_ns() { return read_clock(CLOCK_REALTIME); }

std::uint64_t monotonic_ns() { return static_cast<std::uint64_t>(read_clock(CLOCK_MONOTONIC)); }

} // namespace brpath
