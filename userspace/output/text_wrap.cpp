// SPDX-License-Identifier: BSD-2-Clause
#include "output/text_wrap.hpp"

#include "output/text_width.hpp"

#include <algorithm>

namespace brpath {

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
    std::vector<std::string> lines(1);

    while (!text.empty()) {
        if (const auto spaces = std::min(text.find_first_not_of(' '), text.size()); spaces > 0) {
            // spaces inside a line are kept (they separate parts), at its ends they go
            if (!lines.back().empty())
                lines.back().append(spaces, ' ');
            text.remove_prefix(spaces);
            continue;
        }
        std::string_view word = text.substr(0, text.find(' '));
        const std::size_t used = display_width(lines.back());
        if (used > 0 && used + display_width(word) > width) {
            lines.emplace_back();
            continue;
        }
        word = beginning(word, width);
        lines.back() += word;
        text.remove_prefix(word.size());
    }
    for (auto &line : lines)
        line.resize(line.find_last_not_of(' ') + 1);
    return lines;
}

std::string paragraph(const Paragraph &layout, std::string_view text, std::size_t columns, bool colour) {
    const auto lines = wrapped(text, std::max(columns, layout.indent + 1) - layout.indent);
    std::string result;

    for (std::size_t i = 0; i < lines.size(); i++) {
        const std::string label = i == 0 ? layout.label : "";
        const std::size_t gap = layout.indent - std::min(layout.indent, display_width(label));
        result += paint(label, layout.label_ink, colour) + std::string(gap, ' ');
        result += paint(lines[i], layout.ink, colour) + '\n';
    }
    return result;
}

} // namespace brpath
