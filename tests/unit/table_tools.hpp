// SPDX-License-Identifier: BSD-2-Clause
// Tables as lines, and what holds for every one of them.
#pragma once

#include "data/scenes.hpp"
#include "output/direction_text.hpp"
#include "output/render.hpp"
#include "output/table_sections.hpp"
#include "output/text_width.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <sstream>

namespace brpath::test {

using scenes::counts;
using Lines = std::vector<std::string>;

inline Lines lines_of(const std::string &text) {
    std::istringstream stream(text);
    Lines lines;

    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

inline bool contains(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
}

// The first line that has this in it.
inline std::string line_with(const std::string &text, const std::string &part) {
    for (const auto &line : lines_of(text))
        if (contains(line, part))
            return line;
    FAIL("no line has \"" << part << "\" in:\n" << text);
    return {};
}

inline std::string table(const Summary &summary, int columns = 120) {
    return render_table(summary, {false, columns});
}

inline std::string without_colour(std::string text) {
    for (const std::string code : {"\x1b[2m", "\x1b[1m", "\x1b[1;31m", "\x1b[0m"})
        for (auto place = text.find(code); place != std::string::npos; place = text.find(code))
            text.erase(place, code.size());
    return text;
}

inline bool is_fix(const std::string &line, const Summary &summary) {
    for (const auto &finding : summary.findings)
        for (const auto &fix : finding.fix)
            if (line.ends_with(clean(fix)))
                return true;
    return false;
}

// What holds for every table, whatever is in it.
inline void check_laws(const Summary &summary) {
    for (const int columns : {-1, 0, 40, 80, 81, 97, 100, 120, 121, 200, 1000}) {
        CAPTURE(columns);
        const auto text = table(summary, columns);
        const auto width = static_cast<std::size_t>(std::max(columns, 80));
        for (const auto &line : lines_of(text)) {
            CAPTURE(line);
            CHECK((display_width(line) <= width || is_fix(line, summary)));
            CHECK_FALSE(line.ends_with(' '));
        }
        CHECK(std::none_of(text.begin(), text.end(), [](char c) {
            return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f;
        }));
        CHECK(text.ends_with('\n'));
        CHECK_EQ(without_colour(render_table(summary, {true, columns})), text);
    }
}

inline Summary with_pairs(std::vector<Pair> pairs) {
    Summary summary = scenes::node(0);

    for (const auto &pair : pairs) {
        summary.frames.entered += pair.to_server.frames + pair.to_client.frames;
        summary.frames.by_path[BRPATH_BRIDGED] += pair.to_server.frames + pair.to_client.frames;
    }
    summary.pairs = std::move(pairs);
    return summary;
}

inline Pair simple_pair(std::string client = "a", std::string server = "b") {
    return scenes::pair({std::move(client), "10.0.0.1", 1, "v1"}, {std::move(server), "10.0.0.2", 2, "v2"},
                        "tcp", counts({{1, BRPATH_BRIDGED, BRPATH_BYPASSED}}), {});
}

inline std::string direction(const Counts &of, bool paths = true, bool alarm = false) {
    std::string joined;

    for (const auto &part : describe_direction(of, {.paths = paths, .alarm = alarm}))
        joined += (joined.empty() ? "" : "|") + part;
    return joined;
}

} // namespace brpath::test
