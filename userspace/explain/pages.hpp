// SPDX-License-Identifier: BSD-2-Clause
// The pages of docs/findings, which the build embeds (cmake/EmbedPages.cmake).
#pragma once

#include <span>
#include <string_view>

namespace brpath {

struct Page {
    std::string_view id;   // of the finding: the file's name
    std::string_view text; // Markdown; lines that begin with '#' are headings and nothing else
};

// In the order of their ids.
std::span<const Page> pages();

} // namespace brpath
