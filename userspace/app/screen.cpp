// SPDX-License-Identifier: BSD-2-Clause
#include "app/screen.hpp"

#include "app/terminal.hpp"
#include "output/render.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

namespace brpath {

namespace {

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

std::string first_rows(const std::string &text, const TerminalSize &size) {
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
    auto sink = Sink::open(options.output, Existing::replaced);

    if (!sink)
        return Failure(sink.error());
    Screen screen(std::move(*sink), options.format);
    screen.terminal_ = options.format == Format::table && isatty(screen.sink_.fd()) != 0;
    return screen;
}

std::string Screen::render(const Summary &summary) const {
    switch (format_) {
    case Format::json:
        return render_json(summary);
    case Format::ndjson:
        return render_ndjson(summary);
    case Format::table:
        break;
    }
    return render_table(summary, table_style(sink_.fd()));
}

std::string Screen::erase_last() const {
    return lines_shown_ ? fmt::format("\r\x1b[{}A\x1b[J", lines_shown_) : std::string();
}

Result<void> Screen::show(const Summary &summary, StopSignals &signals) {
    std::string text = render(summary);

    if (!terminal_)
        return sink_.write(text, signals);
    text = first_rows(text, terminal_size(sink_.fd()));
    const auto erase = erase_last();
    lines_shown_ = count_lines(text);
    return sink_.write(erase + text, signals);
}

Result<void> Screen::show_last(const Summary &summary, StopSignals &signals) {
    const auto erase = erase_last();
    lines_shown_ = 0;
    return sink_.write(erase + render(summary), signals);
}

} // namespace brpath
