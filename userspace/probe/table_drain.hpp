// SPDX-License-Identifier: BSD-2-Clause
// Takes everything out of a flow table, with an iterator of the kernel (bpf/drain.bpf.h).
#pragma once

#include "util/result.hpp"

#include <brpath/abi.h>
#include <vector>

namespace brpath {

// `iterator`: a link of an iterator program to the table. Nothing writes to the table meanwhile. Appends.
Result<void> drain_table(int iterator, std::vector<brpath_drained> &entries);

} // namespace brpath
