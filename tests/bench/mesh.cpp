// SPDX-License-Identifier: BSD-2-Clause
// Traffic between many pods: each sends to the next one, in turn, at a rate or as fast as it goes. The pods
// are the network namespaces PREFIX-0, PREFIX-1, ... with a device eth0, whose MAC address ends with the
// pod's number. Prints frames sent and milliseconds.
#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "bench/load_net.hpp"
#include "bench/raw_frame.hpp"

namespace {

using namespace brpath::bench;
using Clock = std::chrono::steady_clock;

struct Options {
    std::string prefix;
    std::uint32_t pods = 2;
    double rate = 0, seconds = 5;
    unsigned threads = 1;
};

struct Pod {
    Fd socket;
    RawFrame frame;
};

Mac mac_of(std::uint32_t pod) {
    return {0x02, 0xaa, 0, 0, static_cast<std::uint8_t>(pod >> 8), static_cast<std::uint8_t>(pod)};
}

std::uint32_t address_of(std::uint32_t pod) {
    constexpr std::uint32_t first = 10U << 24 | 200U << 16;
    return first + pod + 1;
}

Pod open_pod(const Options &options, std::uint32_t number) {
    const std::uint32_t next = (number + 1) % options.pods;
    RawFrame frame(mac_of(number), mac_of(next), address_of(next), 7001);

    frame.set_source(address_of(number), 7000);
    Namespace(options.prefix + "-" + std::to_string(number)).enter();
    return {open_packet_socket("eth0"), frame};
}

// Every step-th pod, beginning with the first-th.
void send_from(const std::vector<Pod> &pods, std::size_t first, std::size_t step, const Options &options,
               std::atomic<long> &sent) {
    const auto start = Clock::now();
    const std::chrono::duration<double> length(options.seconds);
    const double rate = options.rate / options.threads;
    long mine = 0;

    for (std::size_t pod = first; Clock::now() - start < length;
         pod = pod + step < pods.size() ? pod + step : first) {
        pods[pod].frame.send(pods[pod].socket.get());
        mine++;
        if (rate > 0)
            std::this_thread::sleep_until(
                start + std::chrono::duration_cast<Clock::duration>(
                            std::chrono::duration<double>(static_cast<double>(mine / 32 * 32) / rate)));
    }
    sent += mine;
}

void run(const Options &options) {
    std::vector<Pod> pods;
    std::vector<std::jthread> threads;
    std::atomic<long> sent = 0;

    for (std::uint32_t pod = 0; pod < options.pods; pod++)
        pods.push_back(open_pod(options, pod));
    const auto start = Clock::now();
    for (unsigned i = 0; i < options.threads; i++)
        threads.emplace_back([&, i] { send_from(pods, i, options.threads, options, sent); });
    threads.clear();
    std::printf("%ld %lld\n", sent.load(),
                static_cast<long long>(
                    std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start).count()));
}

} // namespace

int main(int argc, char **argv) {
    CLI::App app("Traffic between many pods");
    Options options;

    app.add_option("prefix", options.prefix, "of the pods' network namespaces")->required();
    app.add_option("--pods", options.pods)->check(CLI::Range(2, 65000));
    app.add_option("--rate", options.rate, "frames a second; 0: as many as it can");
    app.add_option("--seconds", options.seconds);
    app.add_option("--threads", options.threads)->check(CLI::Range(1, 64));
    try {
        app.parse(argc, argv);
        run(options);
    } catch (const CLI::ParseError &error) {
        return app.exit(error);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "mesh: cannot %s\n", error.what());
        return 1;
    }
    return 0;
}
