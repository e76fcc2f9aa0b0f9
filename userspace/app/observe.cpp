// SPDX-License-Identifier: BSD-2-Clause
#include "app/observe.hpp"

#include "app/diagnostics.hpp"
#include "app/observation.hpp"
#include "app/screen.hpp"
#include "app/signals.hpp"
#include "app/start.hpp"
#include "app/system_view.hpp"
#include "names/names.hpp"
#include "probe/collector.hpp"
#include "util/time.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <optional>
#include <utility>

namespace brpath {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// How often the ring is emptied and the sysctls are looked at, and how long counts stay in the kernel at most
// when nobody asks for them.
constexpr milliseconds ring_period{100};
constexpr milliseconds harvest_period{1000};
constexpr milliseconds terminal_interval{2000};
// Whoever writes a sysctl wakes it up, though not more often than this; then it looks until the value is
// there.
constexpr milliseconds wake_pause{20};
constexpr milliseconds look_period{1};

std::optional<Severity> greatest_severity(const Summary &summary) {
    std::optional<Severity> greatest;

    for (const auto &finding : summary.findings)
        greatest = std::max(greatest, std::optional(finding.severity));
    return greatest;
}

// Everything that lives for the length of one observation.
class ObserveLoop {
  public:
    ObserveLoop(const ObserveOptions &options, const Diagnostics &diagnostics, StopSignals &signals,
                Screen &screen, Started &started)
        : options_(options), diagnostics_(diagnostics), signals_(signals), screen_(screen), started_(started),
          observation_(started.view, started.names, options.bridge, options.max_pairs),
          interval_(options.interval) {
        if (!interval_ && screen.is_terminal())
            interval_ = terminal_interval;
    }

    Result<std::optional<Severity>> run() {
        begin_ = Clock::now();
        next_harvest_ = begin_ + harvest_period;
        if (interval_)
            next_show_ = begin_ + *interval_;
        while (!started_.is_over && !screen_.is_closed() && !signals_.wait(time_to_wait(), wakes_on())) {
            if (options_.duration && Clock::now() >= begin_ + *options_.duration)
                break;
            if (auto done = step(); !done)
                return Failure(done.error());
        }
        return finish();
    }

    // Frames tell as much, only later: what cannot be read is said, and no more.
    void learn_connections() {
        if (const auto done = observation_.learn_connections(); !done)
            print_error(done.error());
    }

  private:
    [[nodiscard]] milliseconds time_to_wait() const {
        auto until = Clock::now() + ring_period;

        if (options_.duration)
            until = std::min(until, begin_ + *options_.duration);
        if (next_show_)
            until = std::min(until, *next_show_);
        if (next_wake_ > Clock::now())
            until = std::min(until, next_wake_);
        if (observation_.awaits_change(realtime_ns()))
            until = std::min(until, Clock::now() + look_period);
        return std::chrono::ceil<milliseconds>(until - Clock::now());
    }

    Result<void> step() {
        const auto now = Clock::now();

        if (next_show_ && now >= *next_show_) {
            while (*next_show_ <= now) // an interval that took too long is skipped, not made up for
                *next_show_ += *interval_;
            return show();
        }
        started_.poll_setting();
        learn_writers();
        if (now >= next_harvest_ || observation_.is_setting_new())
            return harvest(RefreshNames::as_it_goes).and_then([this](const Harvest &) {
                return follow_modules();
            });
        return started_.probing.collector.consume_ring();
    }

    [[nodiscard]] int wakes_on() const { return Clock::now() < next_wake_ ? -1 : started_.writers.fd(); }

    // After a look at the setting, so that whoever made what was seen is known.
    void learn_writers() {
        const auto changes = started_.writers.take();

        for (const auto &change : changes)
            observation_.learn_writer(change);
        if (!changes.empty())
            next_wake_ = Clock::now() + wake_pause;
    }

    Result<Harvest> harvest(RefreshNames names) {
        auto harvest = started_.probing.collector.harvest();

        next_harvest_ = Clock::now() + harvest_period;
        if (!harvest)
            return harvest;
        refresh_or_tell(names);
        learn_writers();
        observation_.add(*harvest);
        return harvest;
    }

    // Functions are elsewhere when their module was loaded again, and there are more of them when another one
    // came.
    Result<void> follow_modules() {
        const auto modules = read_hooked_modules();
        auto &before = started_.probing.modules;

        if (modules == before || modules == modules_in_vain_)
            return {};
        if (before.bridge && !modules.bridge) {
            modules_in_vain_ = modules;
            diagnostics_.bridge_module_gone();
            return {};
        }
        if (!options_.bridge.empty() && !find_bridge_again())
            return {}; // its name is not back yet
        auto fresh = attach(options_, started_.target, diagnostics_);
        if (!fresh) {
            modules_in_vain_ = modules;
            print_error(fresh.error());
            return {};
        }
        return change_to(std::move(*fresh));
    }

    // The bridge of that name may be another device than before.
    bool find_bridge_again() {
        for (const auto &link : started_.view.bridges())
            if (link.name == options_.bridge) {
                started_.target.bridge = link.ifindex;
                return true;
            }
        return false;
    }

    Result<void> change_to(Probing &&fresh) {
        if (auto done = fresh.tell(started_.view); !done)
            return done;
        started_.probing.session->disable();
        fresh.session->enable();
        auto last = started_.probing.collector.finish();
        if (!last)
            return Failure(last.error());
        observation_.add(*last);
        observation_.add_for_good(last->last_frames);
        missed_before_ = missed();
        started_.probing = std::move(fresh);
        diagnostics_.attached(started_);
        return {};
    }

    // Runs that the kernel skipped, of earlier programs too; nullopt once one of them could not tell.
    [[nodiscard]] std::optional<std::int64_t> missed() const {
        const auto now = started_.probing.session->missed_runs();

        return now && missed_before_ ? std::optional(*missed_before_ + static_cast<std::int64_t>(*now))
                                     : std::nullopt;
    }

    // Counts are worth more than names: what cannot be read now stays as it was, and is said once.
    void refresh_or_tell(RefreshNames names) {
        const auto done = started_.refresh(names);

        if (!done && !std::exchange(told_, true))
            print_error(done.error());
    }

    Result<void> show() {
        auto harvested = harvest(RefreshNames::as_it_goes);

        if (!harvested)
            return Failure(harvested.error());
        if (auto done = screen_.show(observation_.summarise(head(), harvested->last_frames), signals_); !done)
            return done;
        return follow_modules(); // afterwards: it counts the last frames for good
    }

    Result<std::optional<Severity>> finish() {
        auto last = started_.probing.collector.finish();

        if (!last)
            return Failure(last.error());
        const auto summary_head = head();
        refresh_or_tell(RefreshNames::for_good);
        learn_writers();
        observation_.add(*last);
        observation_.add_for_good(last->last_frames);
        const auto summary = observation_.summarise(summary_head, {});
        if (screen_.is_closed())
            return greatest_severity(summary);
        return screen_.show_last(summary, signals_).map([&] { return greatest_severity(summary); });
    }

    [[nodiscard]] Summary head() const {
        Summary head;

        head.node = started_.node;
        head.node.duration_s = std::chrono::duration<double>(Clock::now() - begin_).count();
        head.hooks = started_.probing.hooks;
        head.losses.missed_probes = missed();
        return head;
    }

    const ObserveOptions &options_;
    const Diagnostics &diagnostics_;
    StopSignals &signals_;
    Screen &screen_;
    Started &started_;
    Observation observation_;
    Clock::time_point begin_{};
    Clock::time_point next_harvest_{};
    Clock::time_point next_wake_{}; // by a write
    std::optional<milliseconds> interval_;
    std::optional<Clock::time_point> next_show_;
    bool told_ = false;                            // that something could not be read
    std::optional<HookedModules> modules_in_vain_; // to which nothing could be attached
    std::optional<std::int64_t> missed_before_ = 0;
};

} // namespace

Result<std::optional<Severity>> observe(const ObserveOptions &options) {
    const Diagnostics diagnostics(options.verbosity);
    auto screen = Screen::open(options);
    if (!screen)
        return Failure(screen.error());
    auto signals = StopSignals::make();
    if (!signals)
        return Failure(signals.error());
    auto started = start(options, *signals, diagnostics);
    if (!started)
        return Failure(started.error());
    if (!*started)
        return std::nullopt; // stopped while waiting for a bridge

    ObserveLoop loop(options, diagnostics, *signals, *screen, **started);
    loop.learn_connections();
    (*started)->probing.session->enable();
    diagnostics.attached(**started);
    if (auto done = diagnostics.tell_ready(options.ready_fd); !done)
        return Failure(done.error());
    return loop.run();
}

} // namespace brpath
