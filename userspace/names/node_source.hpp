// SPDX-License-Identifier: BSD-2-Clause
// The node itself: the addresses of the observed namespace, those of its bridges among them.
#pragma once

#include "names/source.hpp"

#include <chrono>

namespace brpath {

// Asks the kernel at most once a second, in the namespace that it is called from.
class NodeSource : public NameSource {
  public:
    [[nodiscard]] const char *id() const override { return "node"; }
    [[nodiscard]] SourceReport report() override;

  private:
    std::chrono::steady_clock::time_point next_{};
    SourceReport report_;
};

} // namespace brpath
