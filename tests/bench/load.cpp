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

// The share of a processor that the tool takes when there is no frame.
void rest(const Options &options) {
    const std::int64_t before = run_time_ns(options.tools);
    const auto start = Clock::now();

    std::this_thread::sleep_for(std::chrono::seconds(1));
    std::printf("%.4f\n", static_cast<double>(run_time_ns(options.tools) - before) /
                              static_cast<double>(since_ns(start)));
}

// What the tool ran because of the frames, by what it does without any. Does it rest then, it may have some
// queued: it gets time to work them off. Does it look at something now and then, that is taken off. Does it
// never rest, such as one that asks again and again whether there is something, it counts in full as long as
// it ran beside the frames.
std::int64_t user_time(const Options &options, std::int64_t ran, std::int64_t during, std::int64_t elapsed) {
    constexpr double rests = 0.001, never_rests = 0.2;

    if (options.tools.empty() || options.at_rest >= never_rests)
        return during;
    if (options.at_rest >= rests)
        return during - static_cast<std::int64_t>(options.at_rest * static_cast<double>(elapsed));
    settle(options.tools);
    return run_time_ns(options.tools) - ran;
}

void measure(const Options &options) {
    const Namespace node(options.node), sender(options.sender), receiver(options.receiver);
    constexpr int part = 20'000, again = 50;
    const auto work = make_work(options.workload, sender, receiver, options.endpoints);

    sender.enter();
    // In parts, because somebody has to keep what was sent until it is taken away.
    for (int left = options.warm_up; left > 0; left -= part) {
        work->run(std::min(left, part));
        work->clear();
    }
    for (int i = 0; i < options.repeat; i++) {
        sender.enter();
        // A stream that rested begins again slowly, and a tool may have had it rest.
        work->run(again);
        work->clear();
        const std::int64_t frames = port_frames(node);
        sender.enter();
        const std::int64_t ran = run_time_ns(options.tools);
        const auto start = Clock::now();
        work->run(options.count);
        const std::int64_t elapsed = since_ns(start), during = run_time_ns(options.tools) - ran;
        const std::int64_t user = user_time(options, ran, during, elapsed);
        std::printf("%lld %lld %lld\n", static_cast<long long>(elapsed - during),
                    static_cast<long long>(user), static_cast<long long>(port_frames(node) - frames));
        std::fflush(stdout);
        work->clear();
    }
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
