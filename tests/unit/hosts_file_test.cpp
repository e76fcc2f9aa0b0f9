// SPDX-License-Identifier: BSD-2-Clause
// The file of --names, in the format of hosts(5).
#include "names/names.hpp"
#include "temporary_folder.hpp"

#include <doctest/doctest.h>
#include <map>
#include <string>

using namespace brpath;
using brpath::test::TemporaryFolder;

TEST_CASE("hosts: good files") {
    const struct {
        const char *what;
        std::string_view text;
        std::map<std::string, std::string, std::less<>> expected;
    } cases[] = {
        {"empty", "", {}},
        {"blank lines and comments", "\n \t\n# 10.0.0.1 a\n  # x\r\n\r\n", {}},
        {"one", "10.0.0.1 cart\n", {{"10.0.0.1", "cart"}}},
        {"no newline at the end", "10.0.0.1 cart", {{"10.0.0.1", "cart"}}},
        {"the first of several names", "10.0.0.1 cart cart.shop c\n", {{"10.0.0.1", "cart"}}},
        {"tabs and blanks around", " \t10.0.0.1\t \tcart\t \n", {{"10.0.0.1", "cart"}}},
        {"CRLF", "10.0.0.1 cart\r\n10.0.0.2 web\r\n", {{"10.0.0.1", "cart"}, {"10.0.0.2", "web"}}},
        {"a comment behind",
         "10.0.0.1 cart#x\n10.0.0.2 web # y\n",
         {{"10.0.0.1", "cart"}, {"10.0.0.2", "web"}}},
        {"IPv6 in its one spelling", "2001:DB8:0:0::0001 db\n", {{"2001:db8::1", "db"}}},
        {"IPv4 in IPv6 stays IPv6", "::ffff:10.0.0.1 a\n", {{"::ffff:10.0.0.1", "a"}}},
        {"the first line wins", "fd00::1 a\nfd00:0::1 b\n", {{"fd00::1", "a"}}},
        {"a byte order mark",
         "\xef\xbb\xbf"
         "10.0.0.1 cart\n",
         {{"10.0.0.1", "cart"}}},
        {"a name that would paint the terminal", "10.0.0.1 \x1b[31mcart\xff\n", {{"10.0.0.1", "?[31mcart?"}}},
        {"a name beyond ASCII",
         "10.0.0.1 k\xc3\xbc"
         "che\n",
         {{"10.0.0.1", "k\xc3\xbc"
                       "che"}}},
    };
    for (const auto &test : cases) {
        CAPTURE(test.what);
        const auto names = parse_hosts(test.text, "FILE");
        REQUIRE(names);
        CHECK(*names == test.expected);
    }
}

TEST_CASE("hosts: the first broken line is named") {
    const struct {
        std::string text;
        std::string why;
    } cases[] = {
        {"x", "line 1: 'x' is not an IP address"},
        {"# c\n\n10.0.0.1 a\nx b\ny c\n", "line 4: 'x' is not an IP address"},
        {"10.0.0.1 a\r\n\r\n10.0.0.256 b\r\n", "line 3: '10.0.0.256' is not an IP address"},
        {"10.0.1 a\n", "line 1: '10.0.1' is not an IP address"},
        {"010.0.0.1 a\n", "line 1: '010.0.0.1' is not an IP address"},
        {"10.0.0.0/8 a\n", "line 1: '10.0.0.0/8' is not an IP address"},
        {"fe80::1%eth0 a\n", "line 1: 'fe80::1%eth0' is not an IP address"},
        {"1::2::3 a\n", "line 1: '1::2::3' is not an IP address"},
        {"cart 10.0.0.1\n", "line 1: 'cart' is not an IP address"},
        {"10.0.0.1\n", "line 1: 10.0.0.1 has no name"},
        {"10.0.0.1 \t # cart\n", "line 1: 10.0.0.1 has no name"},
        {std::string("10.0.0.1\0x a\n", 13), "line 1: '10.0.0.1?x' is not an IP address"},
        {"\x1b]0;x a\n", "line 1: '?]0;x' is not an IP address"},
        {std::string(5000, 'x'), "line 1: '" + std::string(60, 'x') + "...' is not an IP address"},
    };
    for (const auto &test : cases) {
        CAPTURE(test.text);
        const auto names = parse_hosts(test.text, "FILE");
        REQUIRE_FALSE(names);
        CHECK(names.error().kind == ErrorKind::usage);
        CHECK(names.error().tried == "read names from FILE");
        CHECK(names.error().why == test.why);
        CHECK_FALSE(names.error().hint.empty());
    }
}

TEST_CASE("names file: what cannot be read is a wrong argument") {
    const TemporaryFolder folder;
    Names names;
    const auto missing = names.load_file(folder.path() + "/nothing");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().kind == ErrorKind::usage);
    CHECK(missing.error().tried == "read names from " + folder.path() + "/nothing");
    CHECK(missing.error().why == "No such file or directory");

    const auto is_folder = names.load_file(folder.path());
    REQUIRE_FALSE(is_folder);
    CHECK(is_folder.error().kind == ErrorKind::usage);
    CHECK(is_folder.error().why == "Is a directory");

    const auto endless = names.load_file("/dev/zero");
    REQUIRE_FALSE(endless);
    CHECK(endless.error().why == "File too large");
}

TEST_CASE("names file: all of it or nothing, and a later one renews") {
    const TemporaryFolder folder;
    Names names;
    CHECK(names.endpoint("10.0.0.1", 0).name.empty());
    CHECK(names.port(1) == nullptr);

    REQUIRE(names.load_file(folder.write("a", "10.0.0.1 cart\n10.0.0.2 web\n")));
    CHECK(names.endpoint("10.0.0.1", 0).name == "cart");

    const auto broken = names.load_file(folder.write("b", "10.0.0.1 other\noops\n"));
    REQUIRE_FALSE(broken);
    CHECK(broken.error().tried == "read names from " + folder.path() + "/b");
    CHECK(names.endpoint("10.0.0.1", 0).name == "cart");

    REQUIRE(names.load_file(folder.write("c", "10.0.0.1 cart-2\n")));
    CHECK(names.endpoint("10.0.0.1", 0).name == "cart-2");
    CHECK(names.endpoint("10.0.0.2", 0).name == "web");
    CHECK(names.endpoint("10.0.0.3", 0).name.empty());
}
