// SPDX-License-Identifier: BSD-2-Clause
// Where summaries are written: a terminal redraws in place, everything else gets one after the other.
#pragma once

#include "app/signals.hpp"
#include "app/sink.hpp"
#include "cli/options.hpp"
#include "model/summary.hpp"
#include "util/result.hpp"

#include <cstddef>
#include <string>

namespace brpath {

class Screen {
  public:
    // Opens the output file if one is asked for, so that a bad path is known before anything is attached.
    static Result<Screen> open(const ObserveOptions &options);

    [[nodiscard]] bool is_terminal() const { return terminal_; }

    // One of several. On a terminal it replaces the one before and is cut to the screen. If the reader does
    // not read, a signal gets it out, with the rest unwritten.
    Result<void> show(const Summary &summary, StopSignals &signals);

    // The last one: whole. If the reader does not read, only a second signal ends it, and the process.
    Result<void> show_last(const Summary &summary, StopSignals &signals);

    // The reader went away (EPIPE): nothing more to do, and nothing wrong.
    [[nodiscard]] bool is_closed() const { return sink_.is_closed(); }

  private:
    Screen(Sink sink, Format format) : sink_(std::move(sink)), format_(format) {}

    [[nodiscard]] std::string render(const Summary &summary) const;
    [[nodiscard]] std::string erase_last() const;

    Sink sink_;
    Format format_;
    bool terminal_ = false;
    std::size_t lines_shown_ = 0;
};

} // namespace brpath
