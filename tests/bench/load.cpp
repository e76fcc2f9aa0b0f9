// SPDX-License-Identifier: BSD-2-Clause
// The load of the bench: frames from one pod to another, and what each repetition took.
//
// One process is both ends: its sockets are made in two network namespaces. So on a machine with one
// processor nothing is scheduled while it measures but what the measured tool wants scheduled, and frames go
// from the sender's call to the receiver's socket within that call. Each repetition is a line:
//
//   PATH USER FRAMES
//
// PATH: nanoseconds until all was sent, without those in which the tool's own threads ran. USER: nanoseconds
// that these ran because of that, see user_time(). FRAMES: what the bridge's ports received meanwhile.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/load_net.hpp"
#include "bench/load_work.hpp"

namespace {

using namespace brpath::bench;
using Clock = std::chrono::steady_clock;

struct Options {
    std::string workload, node, sender, receiver;
    Endpoints endpoints;
    int count = 1000, warm_up = 300, repeat = 1;
    double at_rest = 0;
    std::vector<int> tools;
};

std::int64_t run_time_ns(const std::vector<int> &tools) {
    std::int64_t sum = 0;

    for (const int tool : tools)
        sum += thread_run_time_ns(tool);
    return sum;
}

std::int64_t since_ns(Clock::time_point start) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
}

// Until the tool has worked off what is queued for it: it ran less than 0.1 ms in five looks, one after the
// other. Packet sockets hand over what they have once a second.
void settle(const std::vector<int> &tools) {
    constexpr std::int64_t rest_ns = 100'000;
    constexpr int looks = 40, wanted = 5;
    std::int64_t before = run_time_ns(tools);
    int quiet = 0;

    for (int look = 0; look < looks && quiet < wanted; look++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(250));
        const std::int64_t now = run_time_ns(tools);
        quiet = now - before < rest_ns ? quiet + 1 : 0;
        before = now;
    }
}

constexpr double rests_below = 0.001, never_rests_from = 0.2;

// The share of a processor that the tool takes when there is no frame. Many look at something now and then:
// that wants a long look, but not at one that never rests, for an emulated processor gets through a second of
// rest at once, and through a second of work in many.
void rest(const Options &options) {
    double share = 0;

    for (const auto length : {std::chrono::milliseconds(250), std::chrono::milliseconds(10'000)}) {
        const std::int64_t before = run_time_ns(options.tools);
        const auto start = Clock::now();
        std::this_thread::sleep_for(length);
        share =
            static_cast<double>(run_time_ns(options.tools) - before) / static_cast<double>(since_ns(start));
        if (share >= never_rests_from)
            break;
    }
    std::printf("%.5f\n", share);
}

struct Repetition {
    std::int64_t path = 0, during = 0, frames = 0;
};

// A tool that rests when there is no frame gets time to work off what is queued for it.
Repetition repeat(const Options &options, const Namespace &node, const Namespace &sender, Work &work) {
    constexpr int again = 50;
    Repetition repetition;

    sender.enter();
    // A stream that rested begins again slowly, and a tool may have had it rest.
    work.run(again);
    work.clear();
    repetition.frames = -port_frames(node);
    sender.enter();
    const std::int64_t ran = run_time_ns(options.tools);
    const auto start = Clock::now();
    work.run(options.count);
    const std::int64_t elapsed = since_ns(start);
    repetition.during = run_time_ns(options.tools) - ran;
    repetition.path = elapsed - repetition.during;
    if (!options.tools.empty() && options.at_rest < rests_below)
        settle(options.tools);
    repetition.frames += port_frames(node);
    work.clear();
    return repetition;
}

// What the tool ran for a frame, beyond what it runs without any. Much of it comes in batches, so it is seen
// over all repetitions, and a quarter of a second longer. A tool that never rests, such as one that asks
// again and again whether there is something, counts with what it ran beside the frames.
class UserTime {
  public:
    UserTime(const Options &options, const Namespace &node)
        : options_(options), node_(node), ran_(run_time_ns(options.tools)), frames_(port_frames(node)) {}

    [[nodiscard]] double of_a_frame(const std::vector<Repetition> &repetitions) const {
        std::int64_t during = 0, measured = 0;
        for (const auto &repetition : repetitions) {
            during += repetition.during;
            measured += repetition.frames;
        }
        if (options_.at_rest >= never_rests_from)
            return ratio(during, measured);
        if (options_.at_rest >= rests_below)
            std::this_thread::sleep_for(std::chrono::milliseconds(250));
        const std::int64_t all = run_time_ns(options_.tools) - ran_;
        const auto resting =
            static_cast<std::int64_t>(options_.at_rest * static_cast<double>(since_ns(start_)));
        return ratio(all - resting, port_frames(node_) - frames_);
    }

  private:
    static double ratio(std::int64_t part, std::int64_t whole) {
        return static_cast<double>(part) / static_cast<double>(std::max<std::int64_t>(whole, 1));
    }

    const Options &options_;
    const Namespace &node_;
    Clock::time_point start_ = Clock::now();
    std::int64_t ran_, frames_;
};

void warm_up(const Options &options, Work &work) {
    constexpr int part = 20'000;

    // In parts, because somebody has to keep what was sent until it is taken away.
    for (int left = options.warm_up; left > 0; left -= part) {
        work.run(std::min(left, part));
        work.clear();
    }
    if (!options.tools.empty() && options.at_rest < rests_below)
        settle(options.tools);
}

void measure(const Options &options) {
    const Namespace node(options.node), sender(options.sender), receiver(options.receiver);
    const auto work = make_work(options.workload, sender, receiver, options.endpoints);
    std::vector<Repetition> repetitions;

    sender.enter();
    warm_up(options, *work);
    const UserTime user(options, node);
    for (int i = 0; i < options.repeat; i++)
        repetitions.push_back(repeat(options, node, sender, *work));
    const double user_ns = user.of_a_frame(repetitions);
    for (const auto &repetition : repetitions)
        std::printf("%lld %.0f %lld\n", static_cast<long long>(repetition.path),
                    user_ns * static_cast<double>(repetition.frames),
                    static_cast<long long>(repetition.frames));
}

void add_measure(CLI::App &app, Options &options) {
    auto *command = app.add_subcommand("measure", "send, a line for each repetition");

    command->add_option("workload", options.workload, "udp, flows, stream or connect")->required();
    command->add_option("--node", options.node, "network namespace of the bridge")->required();
    command->add_option("--sender", options.sender, "network namespace of the sending pod")->required();
    command->add_option("--receiver", options.receiver, "network namespace of the receiving pod")->required();
    command->add_option("--from", options.endpoints.from, "address to send from")->required();
    command->add_option("--to", options.endpoints.to, "address to send to")->required();
    command->add_option("--from-mac", options.endpoints.from_mac, "with flows: the sender's");
    command->add_option("--to-mac", options.endpoints.to_mac, "with flows: the receiver's");
    command->add_option("--flows", options.endpoints.flows, "with flows: how many");
    command->add_option("--count", options.count,
                        "datagrams, writes of 64 KiB, or connections in a repetition");
    command->add_option("--warm-up", options.warm_up, "as many before the first one");
    command->add_option("--repeat", options.repeat, "repetitions");
    command->add_option("--tool", options.tools, "process whose threads count, too");
    command->add_option("--at-rest", options.at_rest,
                        "what these take of a processor when there is no frame");
    command->callback([&options] { measure(options); });
}

void add_rest(CLI::App &app, Options &options) {
    auto *command = app.add_subcommand("rest", "what a tool takes of a processor when there is no frame");

    command->add_option("--tool", options.tools)->required();
    command->callback([&options] { rest(options); });
}

} // namespace

int main(int argc, char **argv) {
    CLI::App app("Load for brpath's bench");
    Options options;

    app.require_subcommand(1);
    add_measure(app, options);
    add_rest(app, options);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        return app.exit(error);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "load: cannot %s\n", error.what());
        return 1;
    }
    return 0;
}
