// SPDX-License-Identifier: BSD-2-Clause
#include "app/run.hpp"

#include "app/colour.hpp"
#include "app/diagnostics.hpp"
#include "app/doctor.hpp"
#include "app/observe.hpp"
#include "app/watch.hpp"
#include "cli/options.hpp"
#include "output/render.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <optional>
#include <unistd.h>

namespace brpath {

namespace {

// With one of the three closed, the next file opened would take its place, and messages would end up in it.
void fill_standard_descriptors() {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0) // the lowest free number: this one
            return;
}

Result<ExitStatus> run_command(const ShowText &show) {
    const auto written = std::fwrite(show.text.data(), 1, show.text.size(), stdout);

    if (written != show.text.size() || std::fflush(stdout))
        return fail_errno("write to stdout", errno);
    return ExitStatus::done;
}

Result<ExitStatus> run_command(const ShowPage &show) {
    const bool colour = isatty(STDOUT_FILENO) != 0 && colour_is_wanted();

    return run_command(ShowText{render_page(show.page.text, colour)});
}

Result<ExitStatus> run_command(const ObserveOptions &options) {
    return observe(options).map([&](std::optional<Severity> greatest) {
        return options.fail_on && greatest >= options.fail_on ? ExitStatus::findings : ExitStatus::done;
    });
}

Result<ExitStatus> run_command(const DoctorOptions &options) {
    return doctor(options).map([](CheckResult worst) {
        return worst >= CheckResult::warn ? ExitStatus::findings : ExitStatus::done;
    });
}

Result<ExitStatus> run_command(const WatchOptions &options) {
    return watch(options).map([] { return ExitStatus::done; });
}

} // namespace

ExitStatus run(std::span<const char *const> arguments) {
    fill_standard_descriptors();
    const auto status = parse_command_line(arguments).and_then([](const Command &command) {
        return std::visit([](const auto &options) { return run_command(options); }, command);
    });

    if (status)
        return *status;
    print_error(status.error());
    return exit_status(status.error().kind);
}

} // namespace brpath
