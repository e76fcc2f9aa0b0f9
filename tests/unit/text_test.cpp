// SPDX-License-Identifier: BSD-2-Clause
#include "output/number.hpp"
#include "output/text_grid.hpp"
#include "output/text_wrap.hpp"
#include "table_tools.hpp"

#include <doctest/doctest.h>
#include <limits>

using namespace brpath;
using namespace brpath::test;

TEST_CASE("width of text") {
    CHECK_EQ(display_width(""), 0);
    CHECK_EQ(display_width("abc"), 3);
    CHECK_EQ(display_width("größe"), 5);
    CHECK_EQ(display_width("数据库"), 6);
    CHECK_EQ(display_width("e\u0301"), 1);
    CHECK_EQ(display_width("🦀"), 2);
}

TEST_CASE("what is too long loses its middle") {
    CHECK_EQ(elided("abcdefghij", 10), "abcdefghij");
    CHECK_EQ(elided("abcdefghijk", 10), "abcd..hijk");
    CHECK_EQ(elided("abcdefghijk", 9), "abc..hijk");
    CHECK_EQ(elided("abcdefghijk", 4), "a..k");
    CHECK_EQ(elided("abcdefghijk", 3), "..");
    CHECK_EQ(elided("abcdefghijk", 1), ".");
    CHECK_EQ(elided("abcdefghijk", 0), "");
    CHECK_EQ(elided("größerer-name", 8), "grö..ame");
    CHECK_EQ(elided("数据库数据库", 8), "数..库");
    CHECK_EQ(elided("数据库数据库", 10), "数据..据库");
    CHECK_EQ(elided("数据库数据库", 5), "..库");
    CHECK_EQ(elided("abcde\u0301f", 4), "a..f");
    CHECK_EQ(elided("abcdefe\u0301", 6), "ab..fe\u0301");
    CHECK_EQ(elided("abcdefe\u0301\u0301", 5), "a..fe\u0301\u0301");
}

TEST_CASE("long names keep both ends") {
    const auto text =
        table(with_pairs({simple_pair("spring-prod/panorama-frontend-6d5f7c9b8d-x2x7q-with-more-to-it",
                                      "spring-prod/panorama-backend-5f6b7d8c9b-pp4zk-with-more-to-it"),
                          simple_pair("short", "b")}));
    const auto row = line_with(text, "spring-prod");

    CHECK(row.starts_with("spring-prod/pan"));
    CHECK(contains(row, ".."));
    CHECK(contains(row, "with-more-to-it  spring-prod/pan"));
    CHECK(contains(line_with(text, "short"), "short  "));
}

TEST_CASE("a grid takes from its elastic columns first, and from the widest of them") {
    const Grid grid{{{"A", true}, {"B", true}, {"C", false}},
                    {{{{{"aaaaaaaaaaaaaaaaaaaa"}}, {{"bbbbbbbbb"}}, {{"ccccccccccccccccccccccccc"}}}, ""}}};

    CHECK_EQ(grid_width(grid, 100), 58);
    CHECK_EQ(grid_width(grid, 10), 48);
    CHECK_EQ(lines_of(render_grid(grid, 58, false))[1],
             "aaaaaaaaaaaaaaaaaaaa  bbbbbbbbb  ccccccccccccccccccccccccc");
    CHECK_EQ(lines_of(render_grid(grid, 48, false))[1], "aaaa..aaaa  bbbbbbbbb  ccccccccccccccccccccccccc");
    CHECK_EQ(lines_of(render_grid(grid, 43, false))[1], "aa..aaa  bb..bbb  ccccccccccccccccccccccccc");
    CHECK_EQ(lines_of(render_grid(grid, 28, false))[1], "aa..aaa  bb..bbb  cccc..cccc");
}

TEST_CASE("numbers") {
    CHECK_EQ(grouped(0), "0");
    CHECK_EQ(grouped(999), "999");
    CHECK_EQ(grouped(1000), "1,000");
    CHECK_EQ(grouped(1234567), "1,234,567");
    CHECK_EQ(grouped(-999), "-999");
    CHECK_EQ(grouped(-123456), "-123,456");
    CHECK_EQ(grouped(std::numeric_limits<std::int64_t>::min()), "-9,223,372,036,854,775,808");
    CHECK_EQ(counted(1, "port"), "1 port");
    CHECK_EQ(counted(0, "port"), "0 ports");
    CHECK_EQ(counted(2000, "port"), "2,000 ports");
}

TEST_CASE("times") {
    CHECK_EQ(time_text(0), "0.0 s");
    CHECK_EQ(time_text(10.04), "10.0 s");
    CHECK_EQ(time_text(119.9), "119.9 s");
    CHECK_EQ(time_text(120), "2 min 00 s");
    CHECK_EQ(time_text(200.7), "3 min 20 s");
    CHECK_EQ(time_text(7199), "119 min 59 s");
    CHECK_EQ(time_text(7500), "2 h 05 min");
}

TEST_CASE("running text") {
    CHECK(wrapped("", 10) == Lines{""});
    CHECK(wrapped("one two three", 7) == Lines{"one two", "three"});
    CHECK(wrapped("one two three", 8) == Lines{"one two", "three"});
    CHECK(wrapped("one two three", 6) == Lines{"one", "two", "three"});
    CHECK(wrapped("a   b", 5) == Lines{"a   b"});
    CHECK(wrapped("a   b", 4) == Lines{"a", "b"});
    CHECK(wrapped("  a ", 4) == Lines{"a"});
    CHECK(wrapped("abcdefgh ij", 3) == Lines{"abc", "def", "gh", "ij"});
    CHECK(wrapped("größe größe", 5) == Lines{"größe", "größe"});
    CHECK(wrapped("数据库", 4) == Lines{"数据", "库"});
    CHECK(wrapped("数据", 1) == Lines{"数", "据"});
}
