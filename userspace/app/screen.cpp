// SPDX-License-Identifier: BSD-2-Clause
#include "app/screen.hpp"

#include "output/render.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace brpath {

namespace {

struct Size {
    int columns = 120;
    std::size_t rows = 0; // 0: no limit
};

Size size_of(int fd, bool terminal) {
    winsize size{};

    if (!terminal || ioctl(fd, TIOCGWINSZ, &size) || size.ws_col == 0)
        return {};
    return {std::max<int>(size.ws_col, 80), size.ws_row};
}

// A line that wraps takes more than one row, so long ones are cut here as the terminal is wide.
std::string first_rows(const std::string &text, std::size_t rows) {
    std::size_t end = 0;

    for (std::size_t row = 0; row < rows; row++) {
        end = text.find('\n', end);
        if (end == std::string::npos)
            return text;
        end++;
    }
    return text.substr(0, end);
}

std::size_t count_lines(const std::string &text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

} // namespace

Result<Screen> Screen::open(const ObserveOptions &options) {
    UniqueFd file;

    if (!options.output.empty()) {
        file = UniqueFd(::open(options.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
        if (!file) {
            auto failure = fail_errno(fmt::format("open {} for the results", options.output), errno,
                                      "name a file in a folder that exists and that you may write");
            failure.value().kind = ErrorKind::usage;
            return failure;
        }
    }
    Screen screen(std::move(file), options.format);
    screen.terminal_ = options.format == Format::table && isatty(screen.fd()) != 0;
    return screen;
}

int Screen::fd() const { return file_ ? file_.get() : STDOUT_FILENO; }

std::string Screen::render(const Summary &summary) const {
    const char *no_colour = std::getenv("NO_COLOR"); // NOLINT(concurrency-mt-unsafe): one thread

    switch (format_) {
    case Format::json:
        return render_json(summary);
    case Format::ndjson:
        return render_ndjson(summary);
    case Format::table:
        break;
    }
    return render_table(summary,
                        {terminal_ && (!no_colour || !*no_colour), size_of(fd(), terminal_).columns});
}

std::string Screen::erase_last() const {
    return lines_shown_ ? fmt::format("\x1b[{}A\x1b[J", lines_shown_) : std::string();
}

Result<void> Screen::show(const Summary &summary) {
    std::string text = render(summary);

    if (!terminal_)
        return write_all(text);
    const auto rows = size_of(fd(), true).rows;
    if (rows > 1)
        text = first_rows(text, rows - 1);
    const auto erase = erase_last();
    lines_shown_ = count_lines(text);
    return write_all(erase + text);
}

Result<void> Screen::show_last(const Summary &summary) {
    const auto erase = erase_last();
    lines_shown_ = 0;
    return write_all(erase + render(summary));
}

Result<void> Screen::write_all(const std::string &text) {
    std::size_t written = 0;

    while (written < text.size() && !closed_) {
        const auto step = ::write(fd(), text.data() + written, text.size() - written);
        if (step >= 0) {
            written += static_cast<std::size_t>(step);
        } else if (errno == EPIPE) {
            closed_ = true;
        } else if (errno != EINTR) {
            return fail_errno("write the results", errno);
        }
    }
    return {};
}

} // namespace brpath
