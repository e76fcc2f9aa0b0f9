// SPDX-License-Identifier: BSD-2-Clause
// What the next boot will set: sysctl.d and modules-load.d.
#include "kernel/boot_settings.hpp"
#include "kernel/conf_lines.hpp"
#include "temporary_folder.hpp"

#include <doctest/doctest.h>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <vector>

using namespace brpath;

namespace {

using brpath::test::TemporaryFolder;

constexpr const char *key = "net.bridge.bridge-nf-call-iptables";

struct File {
    const char *path;
    std::string content;
};

void write_files(const TemporaryFolder &root, const std::vector<File> &files) {
    for (const File &file : files) {
        std::filesystem::create_directories(
            std::filesystem::path(root.path() + "/" + file.path).parent_path());
        REQUIRE_FALSE(root.write(file.path, file.content).empty());
    }
}

// "VALUE FILE:LINE", the file without the root; "-": nothing.
std::string told(const TemporaryFolder &root, const char *asked = key) {
    const auto found = BootSettings::read(root.path()).value(asked);
    if (!found)
        return "-";
    REQUIRE(found->file.starts_with(root.path() + "/"));
    return found->value + " " + found->file.substr(root.path().size() + 1) + ":" +
           std::to_string(found->line);
}

std::string content_told(const std::string &content, const char *asked = key) {
    const TemporaryFolder root;
    write_files(root, {{"etc/sysctl.d/a.conf", content}});
    return told(root, asked);
}

} // namespace

TEST_CASE("boot lines: without comments and blanks, with their numbers") {
    const TemporaryFolder root;
    write_files(root, {{"run/x.d/b.conf", " a b \n\n#c\n;d\n \t#e\nf #g\n"}, {"etc/x.d/c.conf", "h"}});
    std::vector<std::string> found;
    for (const ConfLine &line : conf_lines("x.d", root.path()))
        found.push_back(line.file.substr(root.path().size()) + ":" + std::to_string(line.number) + ":" +
                        line.text);
    CHECK(found ==
          std::vector<std::string>{"/run/x.d/b.conf:1:a b", "/run/x.d/b.conf:6:f #g", "/etc/x.d/c.conf:1:h"});
}

TEST_CASE("boot settings: which file wins") {
    const std::string set = "net.bridge.bridge-nf-call-iptables = ";
    const struct {
        const char *what;
        std::vector<File> files;
        std::string expected;
    } cases[] = {
        {"no file", {}, "-"},
        {"/etc", {{"etc/sysctl.d/a.conf", set + "1"}}, "1 etc/sysctl.d/a.conf:1"},
        {"/run", {{"run/sysctl.d/a.conf", set + "1"}}, "1 run/sysctl.d/a.conf:1"},
        {"/usr/local/lib",
         {{"usr/local/lib/sysctl.d/a.conf", set + "1"}},
         "1 usr/local/lib/sysctl.d/a.conf:1"},
        {"/usr/lib", {{"usr/lib/sysctl.d/a.conf", set + "1"}}, "1 usr/lib/sysctl.d/a.conf:1"},
        {"/lib", {{"lib/sysctl.d/a.conf", set + "1"}}, "1 lib/sysctl.d/a.conf:1"},
        {"no such place", {{"usr/share/sysctl.d/a.conf", set + "1"}, {"etc/sysctl.conf", set + "1"}}, "-"},
        {"names, not places, make the order",
         {{"etc/sysctl.d/10-a.conf", set + "1"}, {"usr/lib/sysctl.d/20-a.conf", set + "2"}},
         "2 usr/lib/sysctl.d/20-a.conf:1"},
        {"byte by byte",
         {{"etc/sysctl.d/9.conf", set + "9"},
          {"etc/sysctl.d/10.conf", set + "10"},
          {"etc/sysctl.d/Z.conf", set + "Z"},
          {"etc/sysctl.d/a.conf", set + "a"}},
         "a etc/sysctl.d/a.conf:1"},
        {"/etc masks /run",
         {{"etc/sysctl.d/a.conf", set + "1"}, {"run/sysctl.d/a.conf", set + "2"}},
         "1 etc/sysctl.d/a.conf:1"},
        {"/run masks /usr/local/lib",
         {{"run/sysctl.d/a.conf", set + "1"}, {"usr/local/lib/sysctl.d/a.conf", set + "2"}},
         "1 run/sysctl.d/a.conf:1"},
        {"/usr/local/lib masks /usr/lib",
         {{"usr/local/lib/sysctl.d/a.conf", set + "1"}, {"usr/lib/sysctl.d/a.conf", set + "2"}},
         "1 usr/local/lib/sysctl.d/a.conf:1"},
        {"/usr/lib masks /lib",
         {{"usr/lib/sysctl.d/a.conf", set + "1"}, {"lib/sysctl.d/a.conf", set + "2"}},
         "1 usr/lib/sysctl.d/a.conf:1"},
        {"an empty file masks", {{"etc/sysctl.d/a.conf", ""}, {"usr/lib/sysctl.d/a.conf", set + "2"}}, "-"},
        {"a file about other keys masks",
         {{"etc/sysctl.d/a.conf", "kernel.panic = 1\n"}, {"usr/lib/sysctl.d/a.conf", set + "2"}},
         "-"},
        {"only the whole ending .conf",
         {{"etc/sysctl.d/a", set + "1"},
          {"etc/sysctl.d/a.conf.dpkg-old", set + "1"},
          {"etc/sysctl.d/aconf", set + "1"},
          {"etc/sysctl.d/a.CONF", set + "1"}},
         "-"},
        {"hidden files are none",
         {{"etc/sysctl.d/.a.conf", set + "1"}, {"etc/sysctl.d/.conf", set + "1"}},
         "-"},
    };
    for (const auto &test : cases) {
        CAPTURE(test.what);
        const TemporaryFolder root;
        write_files(root, test.files);
        CHECK(told(root) == test.expected);
    }
}

TEST_CASE("boot settings: links, and what is no file") {
    const TemporaryFolder root;
    const std::string set = "net.bridge.bridge-nf-call-iptables = ";
    write_files(root, {{"etc/sysctl.d/unused", ""},
                       {"etc/sysctl.conf", set + "1\n"},
                       {"usr/lib/sysctl.d/b.conf", set + "2\n"}});
    const std::string etc = root.path() + "/etc/sysctl.d/";
    CHECK(told(root) == "2 usr/lib/sysctl.d/b.conf:1");

    std::filesystem::create_symlink("../sysctl.conf", etc + "99-sysctl.conf");
    CHECK(told(root) == "2 usr/lib/sysctl.d/b.conf:1");
    for (const char *target : {"/dev/null", "../nothing", "/dev/zero"}) {
        CAPTURE(target);
        std::filesystem::create_symlink(target, etc + "b.conf");
        CHECK_MESSAGE(told(root) == "1 etc/sysctl.d/99-sysctl.conf:1", "masked");
        std::filesystem::remove(etc + "b.conf");
    }
    REQUIRE(::mkfifo((etc + "b.conf").c_str(), 0600) == 0);
    CHECK(told(root) == "1 etc/sysctl.d/99-sysctl.conf:1");
    std::filesystem::remove(etc + "b.conf");
    std::filesystem::create_directory(etc + "b.conf");
    CHECK(told(root) == "1 etc/sysctl.d/99-sysctl.conf:1");
    std::filesystem::remove(etc + "b.conf");

    // As on most systems: /lib is a link.
    std::filesystem::create_symlink("usr/lib", root.path() + "/lib");
    CHECK(told(root) == "2 usr/lib/sysctl.d/b.conf:1");
    // A file that is too large is left out, and masks.
    (void)root.write("etc/sysctl.d/b.conf", set + "3\n" + std::string(1 << 20, '#'));
    CHECK(told(root) == "1 etc/sysctl.d/99-sysctl.conf:1");
}

TEST_CASE("boot settings: the lines of a file") {
    const struct {
        const char *what;
        std::string content;
        std::string expected; // VALUE:LINE
    } cases[] = {
        {"the last line wins", "net.bridge.k = 1\nnet.bridge.k = 2\n", "2:2"},
        {"also one that repeats", "net.bridge.k = 1\n\n# no\nnet.bridge.k = 1\n", "1:4"},
        {"blanks", " \tnet.bridge.k\t =\t 1 \t\n", "1:1"},
        {"no blanks, no newline", "net.bridge.k=1", "1:1"},
        {"blanks in the value", "net.bridge.k = 1  2\n", "1  2:1"},
        {"a second =", "net.bridge.k = 1 = 2\n", "1 = 2:1"},
        {"a comment behind a value is part of it", "net.bridge.k = 1 # on\n", "1 # on:1"},
        {"an empty value", "net.bridge.k =\n", ":1"},
        {"comments", "#net.bridge.k = 1\n;net.bridge.k = 1\n  # net.bridge.k = 1\n", "-"},
        {"lines of DOS", "\r\nnet.bridge.k = 1\r\n", "1:2"},
        {"lines of old", "\rnet.bridge.k = 1\rnet.bridge.k = 2\n", "2:1"},
        {"a NUL ends a line", std::string("net.bridge.k = 1\0net.bridge.k = 2", 33), "2:1"},
        {"no assignment", "net.bridge.k\nnet.bridge.k 1\n", "-"},
        {"no key", "= 1\n=\n-\n-= 1\n", "-"},
        {"a failure is no error", "-net.bridge.k = 1\n", "1:1"},
        {"the same, with a blank", "- net.bridge.k = 1\n", "1:1"},
        {"two signs are another key", "--net.bridge.k = 1\n", "-"},
        {"not to be set after all", "net.bridge.k = 1\n-net.bridge.k\n", "-"},
        {"to be set after all", "-net.bridge.k\nnet.bridge.k = 1\n", "1:2"},
        {"other keys", "net.bridge.kk = 1\nnet.bridge = 1\nnet.bridge.k.k = 1\nbridge.k = 1\n", "-"},
        {"slashes", "net/bridge/k = 1\n", "1:1"},
        {"a slash in front, and too many", "/net//bridge/./k/ = 1\n", "1:1"},
        {"a path of /proc is none", "/proc/sys/net/bridge/k = 1\n", "-"},
        {"first a dot: a slash is a dot", "net.bridge/k = 1\n", "-"},
        {"first a slash: a dot is a dot", "net/bridge.k = 1\n", "-"},
        {"two spellings of one key", "net/bridge/k = 1\nnet.bridge.k = 2\n", "2:2"},
    };
    for (const auto &test : cases) {
        CAPTURE(test.what);
        const std::string all = content_told(test.content, "net.bridge.k");
        const std::string file = " etc/sysctl.d/a.conf";
        std::string short_form = all;
        if (const std::size_t start = all.find(file); start != std::string::npos)
            short_form.erase(start, file.size());
        CHECK(short_form == test.expected);
    }
}

TEST_CASE("boot settings: a dot in the name of a device") {
    const std::string dots = "net.ipv4.conf.enp3s0/200.forwarding = 1\n";
    const std::string slashes = "net/ipv4/conf/enp3s0.200/forwarding = 1\n";
    for (const std::string &content : {dots, slashes}) {
        CAPTURE(content);
        const std::string expected = "1 etc/sysctl.d/a.conf:1";
        CHECK(content_told(content, "net.ipv4.conf.enp3s0/200.forwarding") == expected);
        CHECK(content_told(content, "net/ipv4/conf/enp3s0.200/forwarding") == expected);
        CHECK(content_told(content, "net.ipv4.conf.enp3s0.200.forwarding") == "-");
    }
}

TEST_CASE("boot settings: patterns") {
    const struct {
        const char *what;
        std::string content;
        std::string expected;
    } cases[] = {
        {"a pattern", "net.bridge.bridge-nf-call-* = 1\n", "1 etc/sysctl.d/a.conf:1"},
        {"with slashes", "net/bridge/bridge-nf-call-* = 1\n", "1 etc/sysctl.d/a.conf:1"},
        {"in a folder's name", "net.*.bridge-nf-call-iptables = 1\n", "1 etc/sysctl.d/a.conf:1"},
        {"a letter", "net.bridge.bridge-nf-call-iptable? = 1\n", "1 etc/sysctl.d/a.conf:1"},
        {"a choice of letters", "net.bridge.bridge-nf-call-[ai]*tables = 1\n", "1 etc/sysctl.d/a.conf:1"},
        {"a choice without it", "net.bridge.bridge-nf-call-[!i]*tables = 1\n", "-"},
        {"not across a slash", "net.*iptables = 1\n*iptables = 1\n* = 1\n", "-"},
        {"braces are letters", "net.bridge.bridge-nf-call-{iptables,arptables} = 1\n", "-"},
        {"a part is not enough", "net.bridge.bridge-nf-call* = 1\nbridge-nf-call-* = 2\n",
         "1 etc/sysctl.d/a.conf:1"},
        {"the last of two", "net.bridge.* = 1\nnet.bridge.bridge-nf-* = 2\n", "2 etc/sysctl.d/a.conf:2"},
        {"one given again with its value keeps its turn",
         "net.bridge.* = 1\nnet.bridge.bridge-nf-* = 2\nnet.bridge.* = 1\n", "2 etc/sysctl.d/a.conf:2"},
        {"one given again with another does not",
         "net.bridge.* = 1\nnet.bridge.bridge-nf-* = 2\nnet.bridge.* = 3\n", "3 etc/sysctl.d/a.conf:3"},
        {"the key itself wins, after", "net.bridge.* = 1\nnet.bridge.bridge-nf-call-iptables = 0\n",
         "0 etc/sysctl.d/a.conf:2"},
        {"the key itself wins, before", "net.bridge.bridge-nf-call-iptables = 0\nnet.bridge.* = 1\n",
         "0 etc/sysctl.d/a.conf:1"},
        {"kept from patterns, after", "net.bridge.* = 1\n-net.bridge.bridge-nf-call-iptables\n", "-"},
        {"kept from patterns, before", "-net.bridge.bridge-nf-call-iptables\nnet.bridge.* = 1\n", "-"},
        {"another key is kept", "-net.bridge.bridge-nf-call-arptables\nnet.bridge.* = 1\n",
         "1 etc/sysctl.d/a.conf:2"},
        {"a pattern keeps only itself", "net.bridge.bridge-* = 1\n-net.bridge.*\n",
         "1 etc/sysctl.d/a.conf:1"},
        {"the same pattern", "net.bridge.* = 1\n-net.bridge.*\n", "-"},
    };
    for (const auto &test : cases) {
        CAPTURE(test.what);
        CHECK(content_told(test.content) == test.expected);
    }
    CHECK_MESSAGE(content_told("net/bridge/* = 1\n", "net/bridge/.hidden") == "-", "a leading dot");
}

TEST_CASE("boot settings: a pattern does not end with its file") {
    const TemporaryFolder root;
    write_files(root, {{"usr/lib/sysctl.d/10.conf", "-net.bridge.bridge-nf-call-iptables\n"},
                       {"etc/sysctl.d/20.conf", "net.bridge.* = 1\n"}});
    CHECK(told(root) == "-");
    CHECK(told(root, "net.bridge.bridge-nf-call-arptables") == "1 etc/sysctl.d/20.conf:1");
}

TEST_CASE("boot module: which file loads it") {
    const struct {
        const char *what;
        std::vector<File> files;
        const char *expected; // nullptr: none
    } cases[] = {
        {"no file", {}, nullptr},
        {"another folder", {{"etc/sysctl.d/a.conf", "br_netfilter\n"}}, nullptr},
        {"a line of its own",
         {{"etc/modules-load.d/a.conf", "8021q\n br_netfilter \n"}},
         "etc/modules-load.d/a.conf"},
        {"- is _", {{"usr/lib/modules-load.d/a.conf", "br-netfilter"}}, "usr/lib/modules-load.d/a.conf"},
        {"comments",
         {{"etc/modules-load.d/a.conf", "#br_netfilter\n;br_netfilter\n# br_netfilter\n"}},
         nullptr},
        {"another name",
         {{"etc/modules-load.d/a.conf", "br_netfilter2\nbr\nbr netfilter\nBR_NETFILTER\n"}},
         nullptr},
        {"with an argument it is no name", {{"etc/modules-load.d/a.conf", "br_netfilter x=1\n"}}, nullptr},
        {"another ending", {{"etc/modules-load.d/a", "br_netfilter\n"}}, nullptr},
        {"masked",
         {{"etc/modules-load.d/a.conf", ""}, {"usr/lib/modules-load.d/a.conf", "br_netfilter\n"}},
         nullptr},
        {"the first of two",
         {{"etc/modules-load.d/b.conf", "br_netfilter\n"}, {"run/modules-load.d/a.conf", "br_netfilter\n"}},
         "run/modules-load.d/a.conf"},
    };
    for (const auto &test : cases) {
        CAPTURE(test.what);
        const TemporaryFolder root;
        write_files(root, test.files);
        const auto file = boot_module_file("br_netfilter", root.path());
        REQUIRE(file.has_value() == (test.expected != nullptr));
        if (file)
            CHECK(*file == root.path() + "/" + test.expected);
        CHECK(boot_module_file("br-netfilter", root.path()) == file);
    }
}

TEST_CASE("boot settings: a udev rule that applies sysctls when the module comes") {
    const TemporaryFolder root;
    const std::string rule =
        R"(ACTION=="add", SUBSYSTEM=="module", KERNEL=="br_netfilter", RUN+="systemd-sysctl")";
    write_files(
        root, {{"etc/udev/rules.d/10.rules", "# br_netfilter sysctl\n"}, {"etc/udev/rules.d/20.conf", rule}});
    CHECK_FALSE(boot_udev_file("br_netfilter", root.path()));
    write_files(root, {{"etc/udev/rules.d/99-bridge.rules", rule}});
    CHECK(boot_udev_file("br_netfilter", root.path()) == root.path() + "/etc/udev/rules.d/99-bridge.rules");
}
