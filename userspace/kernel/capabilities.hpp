// SPDX-License-Identifier: BSD-2-Clause
// Whether this process may do what it is about to do. By capabilities, not by user: root may lack them.
#pragma once

#include "util/result.hpp"

#include <string>
#include <vector>

namespace brpath {

enum class Entering {
    own_namespace,    // stays in the namespace that it was started in
    other_namespaces, // needs CAP_SYS_ADMIN for setns(2)
};

// Those of them that this process lacks, by name, as require_capabilities() has them.
Result<std::vector<std::string>> missing_capabilities(Entering entering,
                                                      const std::string &status_path = "/proc/self/status");

// Loading and attaching takes CAP_BPF and CAP_PERFMON (CAP_SYS_ADMIN stands for both, and is the only way
// before Linux 5.8) and CAP_NET_ADMIN. ErrorKind::permission names those that are missing and says what to
// do. `status_path` is /proc/self/status but for tests.
Result<void> require_capabilities(Entering entering, const std::string &status_path = "/proc/self/status");

// In a user namespace of its own (a rootless container) a process has all capabilities and the kernel refuses
// BPF all the same. Error kind permission; `uid_map_path` for tests.
Result<void> require_initial_user_namespace(const std::string &uid_map_path = "/proc/self/uid_map");

} // namespace brpath
