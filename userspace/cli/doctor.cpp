// SPDX-License-Identifier: BSD-2-Clause
#include "cli/doctor.hpp"

#include "cli/values.hpp"

#include <array>

namespace brpath {

namespace {

constexpr std::array<Choice<Format>, 2> formats = {{{"table", Format::table}, {"json", Format::json}}};

Result<void> set_format(DoctorOptions &options, const std::string &value) {
    return choose("--format", formats, value).map([&](Format format) { options.format = format; });
}

Result<void> set_all(DoctorOptions &options, const std::string &) {
    options.all_netns = true;
    return {};
}

constexpr const char *scope = "What to look at";
constexpr const char *output = "Output";

constexpr std::array<OptionRow<DoctorOptions>, 5> rows = {{
    {"--netns", "NAME|PATH", scope,
     "this network namespace: a name from `ip netns`, or a path such as /proc/PID/ns/net; default: the one "
     "brpath runs in",
     set_text<DoctorOptions, &DoctorOptions::netns>},
    {"--all-netns", "", scope,
     "every network namespace with a bridge: those below /run/netns and those that processes are in",
     set_all},
    {"--bridge", "NAME", scope, "this bridge only; default: all",
     set_text<DoctorOptions, &DoctorOptions::bridge>},
    {"--format", "FORMAT", output, "table or json; default: table", set_format},
    {"--output", "FILE", output, "write the result to FILE; default, and for -: stdout",
     set_output<DoctorOptions>},
}};

} // namespace

std::span<const OptionRow<DoctorOptions>> doctor_options() { return rows; }

} // namespace brpath
