// SPDX-License-Identifier: BSD-2-Clause
#include "app/colour.hpp"

#include <cstdlib>

namespace brpath {

bool colour_is_wanted() {
    const char *no_colour = std::getenv("NO_COLOR"); // NOLINT(concurrency-mt-unsafe): one thread

    return !no_colour || !*no_colour;
}

} // namespace brpath
