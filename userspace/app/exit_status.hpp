// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "util/result.hpp"

namespace brpath {

// Part of the contract (README, --help).
enum class ExitStatus : int {
    done = 0,
    failed = 1,
    usage = 2,
    permission = 3,
    unsupported = 4,
    findings = 10,     // observe with --fail-on; doctor
    interrupted = 130, // a second time
};

constexpr ExitStatus exit_status(ErrorKind kind) {
    switch (kind) {
    case ErrorKind::usage:
        return ExitStatus::usage;
    case ErrorKind::permission:
        return ExitStatus::permission;
    case ErrorKind::unsupported:
        return ExitStatus::unsupported;
    case ErrorKind::failed:
        break;
    }
    return ExitStatus::failed;
}

} // namespace brpath
