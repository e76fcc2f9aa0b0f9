// SPDX-License-Identifier: BSD-2-Clause
#include "explain/pages.hpp"
#include "output/render.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <sstream>
#include <string>
#include <vector>

using namespace brpath;

namespace {

// The contract: ids do not change, and each has one severity.
struct KnownId {
    const char *id;
    const char *severity;
};

constexpr KnownId known_ids[] = {{"asymmetric-tracking", "warning"},
                                 {"depends-on-bridge-netfilter", "info"},
                                 {"dropped-by-bridge-netfilter", "critical"},
                                 {"not-tracked-here", "info"},
                                 {"policy-bypassed", "warning"},
                                 {"reply-not-translated", "critical"},
                                 {"setting-changed", "warning"},
                                 {"setting-conflict", "warning"}};

std::vector<std::string> lines_of(std::string_view text) {
    std::istringstream stream{std::string(text)};
    std::vector<std::string> lines;

    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

} // namespace

TEST_CASE("each finding has a page, with its severity") {
    for (const auto &known : known_ids) {
        CAPTURE(known.id);
        const auto page = std::find_if(pages().begin(), pages().end(),
                                       [&](const Page &candidate) { return candidate.id == known.id; });
        REQUIRE(page != pages().end());
        CHECK(lines_of(page->text).at(2).starts_with(std::string("Severity: ") + known.severity + "."));
    }
}

TEST_CASE("pages stand in the order of their ids, and a README is none") {
    CHECK(std::is_sorted(pages().begin(), pages().end(),
                         [](const Page &a, const Page &b) { return a.id < b.id; }));
    CHECK_EQ(
        std::count_if(pages().begin(), pages().end(), [](const Page &page) { return page.id == "README"; }),
        0);
}

TEST_CASE("each page has its parts, in order, with something below each") {
    for (const auto &page : pages()) {
        const auto lines = lines_of(page.text);
        std::vector<std::string> headings;

        CAPTURE(std::string(page.id));
        for (std::size_t i = 0; i < lines.size(); i++)
            if (lines[i].starts_with('#')) {
                headings.push_back(lines[i]);
                REQUIRE(i + 2 < lines.size());
                CHECK(lines[i + 1].empty());
                CHECK_FALSE(lines[i + 2].starts_with('#'));
            }
        CHECK(headings == std::vector<std::string>{"# " + std::string(page.id), "## What brpath saw",
                                                   "## What users notice", "## Why it happens",
                                                   "## Check without brpath", "## How to mend it",
                                                   "## Easily mistaken for", "## What brpath cannot see"});
    }
}

TEST_CASE("a page fits a terminal") {
    for (const auto &page : pages()) {
        const auto lines = lines_of(page.text);
        CAPTURE(std::string(page.id));
        CHECK_LE(lines.size(), 60);
        CHECK(page.text.ends_with('\n'));
        for (const auto &line : lines)
            CHECK_LE(line.size(), 100);
    }
}

TEST_CASE("a page is printed as it is, with headings in bold where colour is allowed") {
    constexpr const char *text = "# title\n\nwords\n\n    modprobe x   # why\n";

    CHECK_EQ(render_page(text, false), text);
    CHECK_EQ(render_page(text, true), "\x1b[1m# title\x1b[0m\n\nwords\n\n    modprobe x   # why\n");
    for (const auto &page : pages())
        CHECK_EQ(render_page(page.text, false), page.text);
}
