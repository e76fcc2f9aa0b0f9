// SPDX-License-Identifier: BSD-2-Clause
// Who made a change: from what the program noted of the process, and what the node still knows.
#pragma once

#include "model/change.hpp"
#include "watch/cgroup_root.hpp"

#include <brpath/watch_abi.h>

namespace brpath {

// The process may have ended: what the record has holds, and /proc only adds what it lacks.
Who describe_who(const brpath_change &change, const CgroupRoot &cgroups);

} // namespace brpath
