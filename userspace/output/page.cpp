// SPDX-License-Identifier: BSD-2-Clause
#include "output/ink.hpp"
#include "output/render.hpp"

#include <algorithm>

namespace brpath {

std::string render_page(std::string_view text, bool colour) {
    std::string page;

    while (!text.empty()) {
        const std::string line(text.substr(0, text.find('\n')));
        page += paint(line, line.starts_with('#') ? Ink::bold : Ink::plain, colour) + '\n';
        text.remove_prefix(std::min(line.size() + 1, text.size()));
    }
    return page;
}

} // namespace brpath
