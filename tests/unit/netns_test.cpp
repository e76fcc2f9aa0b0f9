// SPDX-License-Identifier: BSD-2-Clause
// Without root: what is opened and refused. Entering other namespaces is for the live tests.
#include "kernel/netns.hpp"
#include "temporary_folder.hpp"

#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>

using namespace brpath;

namespace {

using brpath::test::TemporaryFolder;

namespace fs = std::filesystem;

} // namespace

TEST_CASE("names: none, sorted, and no folders") {
    const TemporaryFolder folder;
    CHECK(list_netns_names(folder.path() + "/nothing").empty());
    CHECK(list_netns_names(folder.path()).empty());

    for (const char *name : {"pod-b", "cni-1", "pod-a"})
        (void)folder.write(name);
    fs::create_symlink("/proc/self/ns/net", folder.path() + "/docker"); // as people do for containers
    fs::create_symlink("gone", folder.path() + "/dangling");
    fs::create_directory(folder.path() + "/subfolder");
    CHECK(list_netns_names(folder.path()) ==
          std::vector<std::string>{"cni-1", "dangling", "docker", "pod-a", "pod-b"});
    CHECK(list_netns_names(folder.path() + "/pod-a").empty());
}

TEST_CASE("the current namespace, by the number that the kernel shows") {
    const auto netns = current_netns();
    REQUIRE(netns);
    CHECK(netns->label.empty());
    CHECK(netns->fd);
    const std::string shown = fs::read_symlink("/proc/thread-self/ns/net").string();
    CHECK(shown == "net:[" + std::to_string(netns->inode) + "]");
}

TEST_CASE("a path is a namespace too, and keeps its spelling") {
    const auto netns = open_netns("/proc/self/ns/net");
    REQUIRE(netns);
    CHECK(netns->label == "/proc/self/ns/net");
    CHECK(netns->inode == current_netns()->inode);
}

TEST_CASE("what is no network namespace is a wrong argument") {
    const TemporaryFolder folder;
    const std::string fifo = folder.path() + "/fifo";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    const std::string cases[] = {
        "",
        ".",
        "..",
        "no-such-name",
        std::string(300, 'x'),
        "/",
        "/proc/self/ns/uts", // a namespace of another type
        "/proc/self/status",
        "/proc/999999999/ns/net",
        folder.path(),
        folder.path() + "/nothing",
        folder.write("file"),
        folder.path() + "/file/below",
        fifo,
    };
    for (const std::string &name : cases) {
        CAPTURE(name);
        const auto netns = open_netns(name);
        REQUIRE_FALSE(netns);
        CHECK(netns.error().kind == ErrorKind::usage);
        CHECK(netns.error().tried == "open network namespace '" + name + "'");
        CHECK_FALSE(netns.error().why.empty());
        CHECK(netns.error().hint.find("/run/netns") != std::string::npos);
    }
}

TEST_CASE("a name from the command line is made safe in the error") {
    const auto netns = open_netns("\x1b[2Jpod\n");
    REQUIRE_FALSE(netns);
    CHECK(netns.error().tried == "open network namespace '?[2Jpod?'");
}

TEST_CASE("nothing runs where entering failed") {
    bool has_run = false;
    const auto run = [&]() -> Result<int> {
        has_run = true;
        return 1;
    };
    const Netns nowhere{"nowhere", UniqueFd{}, 0};
    const auto result = in_netns(nowhere, run);
    REQUIRE_FALSE(result);
    CHECK(result.error().tried == "enter network namespace 'nowhere'");
    CHECK_FALSE(has_run);
    CHECK_FALSE(enter_netns(nowhere));
}
