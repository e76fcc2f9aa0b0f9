// SPDX-License-Identifier: BSD-2-Clause
// A length of time as people write it.
#pragma once

#include "util/result.hpp"

#include <chrono>
#include <string_view>

namespace brpath {

// `500ms`, `2s`, `1.5s`, `3m`, `1h`; a plain number is seconds. At least a millisecond, at most a year. The
// failure (ErrorKind::usage) names `option`, the text and the accepted forms.
Result<std::chrono::milliseconds> parse_time(std::string_view option, std::string_view text);

// The same failure, for a time that is well formed and still not fit for `option`.
Failure unfit_time(std::string_view option, std::string_view text, std::string why);

} // namespace brpath
