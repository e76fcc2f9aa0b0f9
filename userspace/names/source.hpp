// SPDX-License-Identifier: BSD-2-Clause
// Where names come from.
#pragma once

#include "names/records.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace brpath {

struct SourceReport {
    enum class State : std::uint8_t {
        absent, // not on this node, which is no fault
        up,
        down, // it should be there: `why` says what was tried and why it failed
    };

    State state = State::absent;
    std::string why; // one line, safe to print; when it is up: what it cannot tell, mostly nothing
    // What it knows; of a source that is down what it knew last. Never nullptr. The same pointer as before:
    // nothing has changed.
    std::shared_ptr<const NameSet> names = std::make_shared<const NameSet>();
    // When that was so, of a source that looks only now and then; absent: it is as of this report.
    std::optional<std::chrono::steady_clock::time_point> as_of{};
};

class NameSource {
  public:
    virtual ~NameSource() = default;

    // As in --names-from: "cni", "docker", "kubernetes", ...
    [[nodiscard]] virtual const char *id() const = 0;

    // What it knows now. Never waits for anybody: what has to ask over a socket does so in a thread of its
    // own and says here what came last.
    [[nodiscard]] virtual SourceReport report() = 0;

    // The next report is for the last summary: what is put off to save time is not put off any more.
    virtual void hurry() {}
};

} // namespace brpath
