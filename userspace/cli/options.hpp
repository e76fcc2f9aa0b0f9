// SPDX-License-Identifier: BSD-2-Clause
// What the command line asks for.
#pragma once

#include "explain/pages.hpp"
#include "model/summary.hpp"
#include "util/result.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace brpath {

enum class Backend : std::uint8_t { automatic, fentry, kprobe, tracepoint };
enum class Format : std::uint8_t { table, json, ndjson };

struct ObserveOptions {
    std::string netns;                                 // name or path; empty: the one brpath runs in
    std::string bridge;                                // empty: all
    std::optional<std::chrono::milliseconds> duration; // absent: until interrupted
    std::optional<std::chrono::milliseconds>
        interval; // absent: 2 s on a terminal, else one summary at the end
    Format format = Format::table;
    std::string output; // file; empty: stdout
    Backend backend = Backend::automatic;
    std::optional<Severity> fail_on; // absent: findings do not change the exit status
    std::optional<Page> explain;     // show this one, and observe nothing
    std::string names_file;
    std::vector<std::string> names_from;    // ids of sources; empty: all
    std::string kubeconfig;                 // empty: what can be found
    std::string names_root;                 // goes before the paths that sources read; for tests
    std::uint32_t max_flows = 65536;        // capacity of the kernel's flow table
    std::uint32_t max_pairs = 16384;        // kept in user space
    std::uint32_t ring_bytes = 1024 * 1024; // of the ring buffer; a power of two
    std::optional<int> ready_fd; // gets one line when everything is attached; for tests and scripts
    int verbosity = 0;
};

struct GuardOption {
    std::string key;         // whole, with dots
    std::uint32_t stays = 0; // 0 or 1
};

struct WatchOptions {
    std::string netns;                                 // name or path; empty: all
    std::optional<std::chrono::milliseconds> duration; // absent: until interrupted
    Format format = Format::table;                     // table: a line for each change; or ndjson
    std::string output;                                // file to add to; empty: stdout
    std::vector<GuardOption> guards;
    bool guard_pin = false;
    std::optional<int> ready_fd; // as in ObserveOptions
    int verbosity = 0;
};

struct DoctorOptions {
    std::string netns; // name or path; empty: the one brpath runs in
    bool all_netns = false;
    std::string bridge; // empty: all
    Format format = Format::table;
    std::string output; // file; empty: stdout
    int verbosity = 0;
};

// Text for stdout; nothing else is to be done (--help, --version).
struct ShowText {
    std::string text;
};

// A page about a finding, for stdout; nothing else is to be done.
struct ShowPage {
    Page page;
};

using Command = std::variant<ShowText, ShowPage, ObserveOptions, WatchOptions, DoctorOptions>;

// Pure. `arguments` without the program's name. ErrorKind::usage: with what is wrong and how to get help.
Result<Command> parse_command_line(std::span<const char *const> arguments);

} // namespace brpath
