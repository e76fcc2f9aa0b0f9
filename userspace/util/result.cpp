// SPDX-License-Identifier: BSD-2-Clause
#include "util/result.hpp"

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace brpath {

Failure fail_errno(std::string tried, int errno_value, std::string hint) {
    const int code = std::abs(errno_value);
    const auto kind = code == EPERM || code == EACCES ? ErrorKind::permission : ErrorKind::failed;

    return fail(kind, std::move(tried), std::generic_category().message(code), std::move(hint));
}

} // namespace brpath
