// SPDX-License-Identifier: BSD-2-Clause
#include "app/run.hpp"

#include "app/diagnostics.hpp"
#include "app/observe.hpp"
#include "cli/options.hpp"

#include <cstdio>

namespace brpath {

namespace {

Result<void> run_command(const ShowText &show) {
    std::fwrite(show.text.data(), 1, show.text.size(), stdout);
    return {};
}

Result<void> run_command(const ObserveOptions &options) { return observe(options); }

} // namespace

ExitStatus run(std::span<const char *const> arguments) {
    const auto done = parse_command_line(arguments).and_then([](const Command &command) {
        return std::visit([](const auto &options) { return run_command(options); }, command);
    });

    if (done)
        return ExitStatus::done;
    print_error(done.error());
    return exit_status(done.error().kind);
}

} // namespace brpath
