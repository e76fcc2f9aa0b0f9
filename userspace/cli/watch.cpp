// SPDX-License-Identifier: BSD-2-Clause
#include "cli/watch.hpp"

#include "cli/time.hpp"
#include "cli/values.hpp"
#include "util/printable.hpp"
#include "util/setting_names.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <string_view>
#include <utility>

namespace brpath {

namespace {

constexpr std::array<Choice<Format>, 2> formats = {{{"table", Format::table}, {"ndjson", Format::ndjson}}};

constexpr std::string_view key_folder = "net.bridge.";

constexpr std::array<const char *, 5> guarded_keys = {setting::call_iptables, setting::call_ip6tables,
                                                      setting::call_arptables, setting::filter_vlan_tagged,
                                                      setting::filter_pppoe_tagged};

Result<void> set_duration(WatchOptions &options, const std::string &value) {
    return parse_time("--duration", value).map([&](auto time) { options.duration = time; });
}

Result<void> set_format(WatchOptions &options, const std::string &value) {
    return choose("--format", formats, value).map([&](Format format) { options.format = format; });
}

// "net.bridge.bridge-nf-call-iptables", with slashes, or without what stands before the last part.
std::string full_key(std::string key) {
    std::replace(key.begin(), key.end(), '/', '.');
    return key.starts_with(key_folder) ? key : std::string(key_folder) + key;
}

Result<void> add_guard(WatchOptions &options, const std::string &value) {
    const std::vector<std::string> keys(guarded_keys.begin(), guarded_keys.end());
    const auto equals = value.find('=');
    const auto key = full_key(value.substr(0, equals));
    const auto stays = equals == std::string::npos ? "" : value.substr(equals + 1);

    if (std::find(keys.begin(), keys.end(), key) == keys.end())
        return no_such_value("--guard", key, keys);
    if (stays != "0" && stays != "1")
        return fail(ErrorKind::usage, fmt::format("accept --guard {}", printable(value)),
                    "a guard keeps 0 or 1", fmt::format("write --guard {}=1", printable(key)));
    for (const auto &guard : options.guards)
        if (guard.key == key)
            return fail(ErrorKind::usage, fmt::format("accept --guard {}", printable(value)),
                        "this sysctl has a guard already", "give one for each");
    options.guards.push_back({key, stays == "1" ? 1U : 0U});
    return {};
}

Result<void> set_guard_pin(WatchOptions &options, const std::string &) {
    options.guard_pin = true;
    return {};
}

Result<void> set_ready_fd(WatchOptions &options, const std::string &value) {
    return parse_descriptor("--ready-fd", value).map([&](int fd) { options.ready_fd = fd; });
}

constexpr const char *scope = "What to watch";
constexpr const char *output = "Output";
constexpr const char *guard = "Guard";

constexpr std::array<OptionRow<WatchOptions>, 7> rows = {{
    {"--netns", "NAME|PATH", scope,
     "only this network namespace: a name from `ip netns`, or a path such as /proc/PID/ns/net; default: "
     "sysctls of all namespaces, and bridges of brpath's own and of those with a name",
     set_text<WatchOptions, &WatchOptions::netns>},
    {"--duration", "TIME", scope, "stop after this time; default: run until Ctrl-C", set_duration},
    {"--format", "FORMAT", output, "table (a line for each change) or ndjson; default: table", set_format},
    {"--output", "FILE", output, "add the changes to the end of FILE; default, and for -: stdout",
     set_output<WatchOptions>},
    {"--guard", "KEY=VALUE", guard,
     "refuse every write that would make the sysctl another than VALUE; for another sysctl, give it again; "
     "KEY may be short, as in bridge-nf-call-iptables=1",
     add_guard, true},
    {"--guard-pin", "", guard,
     "keep the guard when brpath has ended, until the file that is named then is removed", set_guard_pin},
    {"--ready-fd", "N", "", "", set_ready_fd},
}};

} // namespace

std::span<const OptionRow<WatchOptions>> watch_options() { return rows; }

} // namespace brpath
