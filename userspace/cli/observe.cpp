// SPDX-License-Identifier: BSD-2-Clause
#include "cli/observe.hpp"

#include "cli/time.hpp"
#include "cli/values.hpp"
#include "names/source_ids.hpp"
#include "util/printable.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <fmt/format.h>
#include <string_view>
#include <utility>
#include <vector>

namespace brpath {

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t max_flows_limit = 1U << 22; // some 1.2 GB of kernel memory
constexpr std::uint32_t max_pairs_limit = 1U << 20;
constexpr auto interval_min = 100ms; // below, the summaries themselves would be the load

constexpr std::array<Choice<Format>, 3> formats = {
    {{"table", Format::table}, {"json", Format::json}, {"ndjson", Format::ndjson}}};

constexpr std::array<Choice<Backend>, 4> backends = {{{"auto", Backend::automatic},
                                                      {"fentry", Backend::fentry},
                                                      {"kprobe", Backend::kprobe},
                                                      {"tracepoint", Backend::tracepoint}}};

constexpr std::array<Choice<Severity>, 3> severities = {
    {{"info", Severity::info}, {"warning", Severity::warning}, {"critical", Severity::critical}}};

Result<void> set_duration(ObserveOptions &options, const std::string &value) {
    return parse_time("--duration", value).map([&](auto time) { options.duration = time; });
}

Result<void> set_interval(ObserveOptions &options, const std::string &value) {
    const auto time = parse_time("--interval", value);
    if (!time)
        return Failure(time.error());
    if (*time < interval_min)
        return unfit_time("--interval", value, "the shortest interval is 100ms");
    options.interval = *time;
    return {};
}

Result<void> set_format(ObserveOptions &options, const std::string &value) {
    return choose("--format", formats, value).map([&](Format format) { options.format = format; });
}

Result<void> set_backend(ObserveOptions &options, const std::string &value) {
    return choose("--backend", backends, value).map([&](Backend backend) { options.backend = backend; });
}

Result<void> set_fail_on(ObserveOptions &options, const std::string &value) {
    return choose("--fail-on", severities, value).map([&](Severity severity) { options.fail_on = severity; });
}

Result<void> set_explain(ObserveOptions &options, const std::string &value) {
    std::vector<std::string> ids;

    for (const auto &page : pages()) {
        if (page.id == value) {
            options.explain = page;
            return {};
        }
        ids.emplace_back(page.id);
    }
    return no_such_value("--explain", value, ids);
}

Result<void> set_names_from(ObserveOptions &options, const std::string &value) {
    const std::vector<std::string> ids(source_ids.begin(), source_ids.end());
    std::string_view rest = value;

    options.names_from.clear();
    do {
        const std::string id(rest.substr(0, rest.find(',')));
        if (std::find(ids.begin(), ids.end(), id) == ids.end())
            return no_such_value("--names-from", id, ids);
        options.names_from.push_back(id);
        rest.remove_prefix(std::min(id.size() + 1, rest.size()));
    } while (!rest.empty());
    return {};
}

Result<void> set_ready_fd(ObserveOptions &options, const std::string &value) {
    return parse_descriptor("--ready-fd", value).map([&](int fd) { options.ready_fd = fd; });
}

Result<void> set_max_flows(ObserveOptions &options, const std::string &value) {
    return parse_count("--max-flows", value, 16, max_flows_limit).map([&](auto count) {
        options.max_flows = count;
    });
}

Result<void> set_max_pairs(ObserveOptions &options, const std::string &value) {
    return parse_count("--max-pairs", value, 16, max_pairs_limit).map([&](auto count) {
        options.max_pairs = count;
    });
}

Result<void> set_ring_bytes(ObserveOptions &options, const std::string &value) {
    const auto bytes = parse_count("--ring-bytes", value, 4096, 64 * 1024 * 1024);
    if (!bytes)
        return Failure(bytes.error());
    if (!std::has_single_bit(*bytes))
        return fail(ErrorKind::usage, fmt::format("accept --ring-bytes {}", printable(value)),
                    "this is not a power of two", "give 4096, 8192, ... as in --ring-bytes 1048576");
    options.ring_bytes = *bytes;
    return {};
}

constexpr const char *scope = "What to observe";
constexpr const char *output = "Output";
constexpr const char *findings = "Findings";
constexpr const char *hooks = "Hooks";

constexpr std::array<OptionRow<ObserveOptions>, 17> rows = {{
    {"--netns", "NAME|PATH", scope,
     "network namespace to look into: a name from `ip netns`, or a path such as /proc/PID/ns/net; default: "
     "the one brpath runs in",
     set_text<ObserveOptions, &ObserveOptions::netns>},
    {"--bridge", "NAME", scope, "only this bridge; default: all bridges of the namespace",
     set_text<ObserveOptions, &ObserveOptions::bridge>},
    {"--duration", "TIME", scope, "stop after this time; default: run until Ctrl-C", set_duration},
    {"--format", "FORMAT", output,
     "table, json (one document) or ndjson (one document a line); default: table", set_format},
    {"--interval", "TIME", output,
     "time from one summary to the next, at least 100ms; default: 2s on a terminal, otherwise one summary at "
     "the end",
     set_interval},
    {"--output", "FILE", output, "write the results to FILE; default, and for -: stdout",
     set_output<ObserveOptions>},
    {"--names", "FILE", output, "names for addresses, in the format of hosts(5)",
     set_text<ObserveOptions, &ObserveOptions::names_file>},
    {"--names-from", "LIST", output,
     "sources of names, with commas between, instead of all that are on this node: docker, podman, cni, "
     "kubernetes, rules, libvirt, netns, node, overlay or ipam",
     set_names_from},
    {"--kubeconfig", "FILE", output,
     "how to ask the Kubernetes API for names; default: $KUBECONFIG, a pod's service account, or the "
     "kubelet's own",
     set_text<ObserveOptions, &ObserveOptions::kubeconfig>},
    {"--max-pairs", "N", output,
     "pairs that are kept; beyond it those with the fewest frames are forgotten, their frames count in no "
     "pair, and the summary says so; default: 16384",
     set_max_pairs},
    {"--fail-on", "SEVERITY", findings,
     "exit status 10 if the last summary has a finding of this severity or a greater one: info, warning or "
     "critical; default: findings do not change the exit status",
     set_fail_on},
    {"--explain", "ID", findings,
     "say what the finding with this id means, why it happens and what mends it; observe nothing and need no "
     "privileges",
     set_explain},
    {"--backend", "BACKEND", hooks,
     "how to listen to the kernel: auto, fentry, kprobe or tracepoint; default: auto, which takes the best "
     "one this kernel has",
     set_backend},
    {"--max-flows", "N", hooks,
     "flows that the kernel keeps apart at a time, some 300 bytes each; beyond it frames are counted without "
     "their pair, and the summary says so; default: 65536",
     set_max_flows},
    {"--ring-bytes", "N", "", "", set_ring_bytes},
    {"--ready-fd", "N", "", "", set_ready_fd},
    {"--names-root", "DIR", "", "", set_text<ObserveOptions, &ObserveOptions::names_root>},
}};

} // namespace

std::span<const OptionRow<ObserveOptions>> observe_options() { return rows; }

} // namespace brpath
