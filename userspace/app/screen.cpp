// SPDX-License-Identifier: BSD-2-Clause
#include "app/screen.hpp"

#include "app/colour.hpp"
#include "output/render.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

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
    return {size.ws_col, size.ws_row};
}

// The beginning of a line that takes no more than so many columns; a wrapped line would take two rows. Colour
// codes take none; the text has characters of one column, but for names in scripts with wide ones.
std::string cut_line(const std::string &line, std::size_t columns) {
    std::size_t width = 0;
    bool in_code = false;
    std::string cut;

    for (const char byte : line) {
        const bool continues = (static_cast<unsigned char>(byte) & 0xc0) == 0x80; // UTF-8
        if (byte == '\x1b')
            in_code = true;
        else if (!in_code && !continues)
            width++;
        if (in_code || width <= columns)
            cut += byte;
        if (in_code && byte == 'm')
            in_code = false;
    }
    return cut;
}

std::string first_rows(const std::string &text, const Size &size) {
    std::string cut;
    std::size_t begin = 0;

    for (std::size_t row = 1; begin < text.size() && (size.rows == 0 || row < size.rows); row++) {
        const auto end = std::min(text.find('\n', begin), text.size() - 1);
        cut += cut_line(text.substr(begin, end - begin), static_cast<std::size_t>(size.columns)) + '\n';
        begin = end + 1;
    }
    return cut;
}

std::size_t count_lines(const std::string &text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

} // namespace

Result<Screen> Screen::open(const ObserveOptions &options) {
    UniqueFd file;

    if (!options.output.empty()) {
        file = UniqueFd(::open(options.output.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
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
    switch (format_) {
    case Format::json:
        return render_json(summary);
    case Format::ndjson:
        return render_ndjson(summary);
    case Format::table:
        break;
    }
    return render_table(summary, {terminal_ && colour_is_wanted(), size_of(fd(), terminal_).columns});
}

std::string Screen::erase_last() const {
    return lines_shown_ ? fmt::format("\r\x1b[{}A\x1b[J", lines_shown_) : std::string();
}

Result<void> Screen::show(const Summary &summary, StopSignals &signals) {
    std::string text = render(summary);

    if (!terminal_)
        return write_all(text, signals);
    text = first_rows(text, size_of(fd(), true));
    const auto erase = erase_last();
    lines_shown_ = count_lines(text);
    return write_all(erase + text, signals);
}

Result<void> Screen::show_last(const Summary &summary, StopSignals &signals) {
    const auto erase = erase_last();
    lines_shown_ = 0;
    return write_all(erase + render(summary), signals);
}

Result<void> Screen::write_all(const std::string &text, StopSignals &signals) {
    std::size_t written = 0;

    if (file_ && !std::exchange(emptied_, true) && ftruncate(fd(), 0) && errno != EINVAL)
        return fail_errno("empty the results file", errno); // EINVAL: a pipe or a device, which has no length
    while (written < text.size() && !closed_) {
        if (!signals.wait_writable(fd()))
            return {};
        // no more than a pipe takes at once, so that a write never waits
        const auto size = std::min<std::size_t>(text.size() - written, PIPE_BUF);
        const auto step = ::write(fd(), text.data() + written, size);
        if (step >= 0)
            written += static_cast<std::size_t>(step);
        else if (errno == EPIPE)
            closed_ = true;
        else if (errno != EINTR && errno != EAGAIN)
            return fail_errno("write the results", errno);
    }
    return {};
}

} // namespace brpath
