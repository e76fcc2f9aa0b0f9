// SPDX-License-Identifier: BSD-2-Clause
// Where results are written: a file, or stdout.
#pragma once

#include "app/signals.hpp"
#include "util/result.hpp"
#include "util/unique_fd.hpp"

#include <cstdint>
#include <string>

namespace brpath {

enum class Existing : std::uint8_t {
    replaced, // by the first thing that is written
    kept,     // and added to
};

class Sink {
  public:
    // `path` empty: stdout. Error (usage) if it cannot be opened.
    static Result<Sink> open(const std::string &path, Existing existing);

    [[nodiscard]] int fd() const;

    // If the reader does not read, a signal gets it out, with the rest unwritten.
    Result<void> write(const std::string &text, StopSignals &signals);

    // The reader went away (EPIPE): nothing more to do, and nothing wrong.
    [[nodiscard]] bool is_closed() const { return closed_; }

  private:
    Sink(UniqueFd file, Existing existing) : file_(std::move(file)), existing_(existing) {}

    UniqueFd file_; // empty: stdout
    Existing existing_;
    bool closed_ = false;
};

} // namespace brpath
