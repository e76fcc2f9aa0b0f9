// SPDX-License-Identifier: BSD-2-Clause
#include "app/watch.hpp"

#include "app/diagnostics.hpp"
#include "app/signals.hpp"
#include "app/sink.hpp"
#include "kernel/capabilities.hpp"
#include "kernel/settings.hpp"
#include "output/change_text.hpp"
#include "watch/change_log.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <poll.h>
#include <utility>
#include <vector>

namespace brpath {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds rescan_period{1000};
constexpr const char *pin_path = "/sys/fs/bpf/brpath-guard";

class WatchLoop {
  public:
    WatchLoop(const WatchOptions &options, StopSignals &signals, Sink &sink, ChangeLog &log)
        : options_(options), signals_(signals), sink_(sink), log_(log) {}

    Result<void> run() {
        const auto begin = Clock::now();
        auto next_rescan = begin + rescan_period;

        for (;;) {
            auto until = next_rescan;
            if (options_.duration)
                until = std::min(until, begin + *options_.duration);
            wait_until(until);
            // Whatever was done before the end came is shown.
            const bool is_last = signals_.wait(milliseconds(0)) ||
                                 (options_.duration && Clock::now() >= begin + *options_.duration);
            const bool is_due = Clock::now() >= next_rescan;
            if (is_due)
                next_rescan = Clock::now() + rescan_period;
            if (auto done = show(log_.take(is_due ? Rescan::yes : Rescan::no)); !done)
                return done;
            if (is_last || sink_.is_closed())
                return {};
        }
    }

  private:
    void wait_until(Clock::time_point until) {
        const auto left = std::chrono::ceil<milliseconds>(until - Clock::now()).count();
        std::vector<pollfd> readable = {{signals_.fd(), POLLIN, 0}};

        for (const int fd : log_.descriptors())
            readable.push_back({fd, POLLIN, 0});
        poll(readable.data(), readable.size(), static_cast<int>(std::max<milliseconds::rep>(left, 0)));
    }

    [[nodiscard]] bool is_shown(const Change &change) const {
        return change.outcome == ChangeOutcome::changed || change.outcome == ChangeOutcome::refused ||
               options_.verbosity > 0;
    }

    Result<void> show(const Result<std::vector<Change>> &changes) {
        if (!changes)
            return Failure(changes.error());
        std::string text;
        for (const auto &change : *changes)
            if (is_shown(change))
                text += options_.format == Format::ndjson ? render_change_json(change)
                                                          : render_change_line(change);
        return sink_.write(text, signals_);
    }

    const WatchOptions &options_;
    StopSignals &signals_;
    Sink &sink_;
    ChangeLog &log_;
};

// A guard keeps writes away; it writes nothing itself.
void tell_of_guards(const WatchOptions &options, const WatchedNamespaces &namespaces,
                    const Diagnostics &diagnostics) {
    const auto settings = namespaces.settings();

    for (const auto &guard : options.guards)
        diagnostics.guarding(guard.key, guard.stays, value_of(settings, guard.key), options.netns);
}

} // namespace

Result<void> watch(const WatchOptions &options) {
    const Diagnostics diagnostics(options.verbosity);
    auto sink = Sink::open(options.output, Existing::kept);
    if (!sink)
        return Failure(sink.error());
    auto signals = StopSignals::make();
    if (!signals)
        return Failure(signals.error());
    if (auto done = require_capabilities(options.netns.empty() ? Entering::own_namespace
                                                               : Entering::other_namespaces);
        !done)
        return done;
    if (auto done = require_initial_user_namespace(); !done)
        return done;
    auto namespaces = WatchedNamespaces::open(options.netns);
    if (!namespaces)
        return Failure(namespaces.error());
    std::vector<Guard> guards;
    for (const auto &guard : options.guards)
        guards.push_back({guard.key, guard.stays, namespaces->only()});
    tell_of_guards(options, *namespaces, diagnostics);
    const auto blind_namespaces = namespaces->blind();
    auto log = ChangeLog::start(std::move(*namespaces), guards);
    if (!log)
        return Failure(log.error());
    if (options.guard_pin) {
        if (auto done = log->pin(pin_path); !done)
            return done;
        diagnostics.guard_pinned(pin_path);
    }
    diagnostics.watching(options.netns, log->blind(), blind_namespaces);
    if (auto done = diagnostics.tell_ready(options.ready_fd); !done)
        return done;
    return WatchLoop(options, *signals, *sink, *log).run();
}

} // namespace brpath
