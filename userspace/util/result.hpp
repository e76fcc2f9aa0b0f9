// SPDX-License-Identifier: BSD-2-Clause
// Errors are values. Result mirrors std::expected, which C++20 lacks; the alias keeps the library
// replaceable.
#pragma once

#include <string>
#include <tl/expected.hpp>

namespace brpath {

// What kind of failure: decides the exit status, nothing else.
enum class ErrorKind {
    usage,       // the command line or a file named there is wrong
    permission,  // a capability is missing
    unsupported, // this kernel cannot
    failed,      // all else
};

// What was tried, on what, why it failed, what to do. `tried` is never empty; the others may be.
struct Error {
    ErrorKind kind = ErrorKind::failed;
    std::string tried; // "attach fentry to br_handle_frame"
    std::string why;   // "Operation not permitted"
    std::string hint;  // "run as root, or with CAP_BPF, ..."
};

template <typename T> using Result = tl::expected<T, Error>;

using Failure = tl::unexpected<Error>;

[[nodiscard]] inline Failure fail(ErrorKind kind, std::string tried, std::string why, std::string hint = {}) {
    return Failure(Error{kind, std::move(tried), std::move(why), std::move(hint)});
}

// For a failed system call; errno_value as errno or a negative libbpf result has it.
[[nodiscard]] Failure fail_errno(std::string tried, int errno_value, std::string hint = {});

} // namespace brpath
