// SPDX-License-Identifier: BSD-2-Clause
// The Kubernetes API as a source of names: the pods of this node, Services, the pods behind them, the nodes.
#pragma once

#include "kube/access.hpp"
#include "names/source.hpp"

#include <memory>
#include <string>

namespace brpath {

// Asks in threads of its own, in the network namespace of the thread that calls this. Absent as long as
// `places` lead to no API.
std::unique_ptr<NameSource> make_kube_source(KubePlaces places);

} // namespace brpath
