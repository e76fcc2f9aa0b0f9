// SPDX-License-Identifier: BSD-2-Clause
#pragma once

namespace brpath {

// Does the user want colour on a terminal? https://no-color.org
bool colour_is_wanted();

} // namespace brpath
