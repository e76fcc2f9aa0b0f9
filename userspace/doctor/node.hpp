// SPDX-License-Identifier: BSD-2-Clause
// What brpath could do on this node.
#pragma once

#include "kernel/capabilities.hpp"
#include "model/audit.hpp"

namespace brpath {

// Tries each way to serve each hook once, and undoes it; only with the capabilities for it. Names and time
// are the caller's to fill in.
NodeFacts read_node_facts(Entering entering);

} // namespace brpath
