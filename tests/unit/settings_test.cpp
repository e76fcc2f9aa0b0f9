// SPDX-License-Identifier: BSD-2-Clause
// What is read from /proc and /sys: the setting, capabilities, symbols, BTF.
#include "kernel/btf.hpp"
#include "kernel/capabilities.hpp"
#include "kernel/modules.hpp"
#include "kernel/read_file.hpp"
#include "kernel/settings.hpp"
#include "kernel/symbols.hpp"
#include "temporary_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <linux/btf.h>
#include <linux/capability.h>
#include <string>

using namespace brpath;

namespace {

using brpath::test::TemporaryFolder;

std::string status_with(std::uint64_t effective) {
    char line[64];
    std::snprintf(line, sizeof(line), "CapEff:\t%016llx\n", static_cast<unsigned long long>(effective));
    return "Name:\tbrpath\nCapInh:\t0000000000000000\nCapPrm:\tffffffffffffffff\n" + std::string(line) +
           "CapBnd:\t000001ffffffffff\n";
}

constexpr std::uint64_t bit(unsigned capability) { return std::uint64_t{1} << capability; }

constexpr std::uint64_t tracing = bit(CAP_BPF) | bit(CAP_PERFMON);

} // namespace

TEST_CASE("read_file: the whole content, or errno") {
    const TemporaryFolder folder;
    const std::string large(100'003, 'x');
    CHECK(read_file(folder.write("empty", ""), 0) == std::string());
    CHECK(read_file(folder.write("large", large), large.size()) == large);
    CHECK(read_file(folder.path() + "/large", large.size() - 1).error() == EFBIG);
    CHECK(read_file(folder.path() + "/nothing", 10).error() == ENOENT);
    CHECK(read_file(folder.path(), 10).error() == EISDIR);
}

TEST_CASE("settings: nothing there") {
    const TemporaryFolder folder;
    CHECK(read_namespace_settings(folder.path() + "/bridge") == NamespaceSettings{});

    const std::string file = folder.write("file", "1\n");
    CHECK_FALSE(read_namespace_settings(file).module_present);
}

TEST_CASE("settings: present, each value from its own file") {
    const TemporaryFolder folder;
    NamespaceSettings expected;
    expected.module_present = true;
    CHECK(read_namespace_settings(folder.path()) == expected);

    (void)folder.write("bridge-nf-call-iptables", "1\n");
    (void)folder.write("bridge-nf-call-ip6tables", "2\n");
    (void)folder.write("bridge-nf-call-arptables", "3\n");
    (void)folder.write("bridge-nf-filter-vlan-tagged", "4\n");
    (void)folder.write("bridge-nf-filter-pppoe-tagged", "5\n");
    expected.call_iptables = 1;
    expected.call_ip6tables = 2;
    expected.call_arptables = 3;
    expected.filter_vlan_tagged = 4;
    expected.filter_pppoe_tagged = 5;
    CHECK(read_namespace_settings(folder.path()) == expected);
}

TEST_CASE("settings: what a file may hold") {
    const struct {
        const char *content;
        std::optional<int> expected;
    } cases[] = {
        {"0\n", 0},
        {"1", 1},
        {"-1\n", -1},
        {"", std::nullopt},
        {"\n", std::nullopt},
        {"on\n", std::nullopt},
        {"1 2\n", std::nullopt},
        {"1x\n", std::nullopt},
        {"99999999999\n", std::nullopt},
        {"00000000000000000000000000000000000000000000000000000000000000000001\n", std::nullopt},
    };
    for (const auto &test : cases) {
        CAPTURE(test.content);
        const TemporaryFolder folder;
        (void)folder.write("bridge-nf-call-iptables", test.content);
        CHECK(read_namespace_settings(folder.path()).call_iptables == test.expected);
    }
}

TEST_CASE("capabilities: which are missing") {
    const struct {
        const char *what;
        std::uint64_t effective;
        Entering entering;
        const char *missing; // nullptr: none
    } cases[] = {
        {"all", ~std::uint64_t{0}, Entering::other_namespaces, nullptr},
        {"none", 0, Entering::own_namespace, "missing: CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN"},
        {"none, entering", 0, Entering::other_namespaces,
         "missing: CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN, CAP_SYS_ADMIN (to enter a network namespace)"},
        {"just enough", tracing | bit(CAP_NET_ADMIN), Entering::own_namespace, nullptr},
        {"just enough, but entering", tracing | bit(CAP_NET_ADMIN), Entering::other_namespaces,
         "missing: CAP_SYS_ADMIN (to enter a network namespace)"},
        {"no CAP_BPF", bit(CAP_PERFMON) | bit(CAP_NET_ADMIN), Entering::own_namespace, "missing: CAP_BPF"},
        {"no CAP_PERFMON", bit(CAP_BPF) | bit(CAP_NET_ADMIN), Entering::own_namespace,
         "missing: CAP_PERFMON"},
        {"no CAP_NET_ADMIN", tracing, Entering::own_namespace, "missing: CAP_NET_ADMIN"},
        {"CAP_SYS_ADMIN for the two", bit(CAP_SYS_ADMIN) | bit(CAP_NET_ADMIN), Entering::other_namespaces,
         nullptr},
        {"CAP_SYS_ADMIN not for CAP_NET_ADMIN", bit(CAP_SYS_ADMIN), Entering::own_namespace,
         "missing: CAP_NET_ADMIN"},
        {"all but those needed", ~(tracing | bit(CAP_NET_ADMIN) | bit(CAP_SYS_ADMIN)),
         Entering::own_namespace, "missing: CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN"},
    };
    const TemporaryFolder folder;
    for (const auto &test : cases) {
        CAPTURE(test.what);
        const auto result =
            require_capabilities(test.entering, folder.write("status", status_with(test.effective)));
        REQUIRE(result.has_value() == (test.missing == nullptr));
        if (result)
            continue;
        CHECK(result.error().kind == ErrorKind::permission);
        CHECK(result.error().why == test.missing);
        CHECK(result.error().hint.find("sudo") != std::string::npos);
        // Whoever follows the hint must not come here again.
        const bool names_admin =
            result.error().hint.find("cap_sys_admin,cap_net_admin+ep") != std::string::npos;
        CHECK(names_admin == (test.entering == Entering::other_namespaces));
    }
}

TEST_CASE("capabilities: what cannot be read is not taken for permission") {
    const TemporaryFolder folder;
    const char *const broken[] = {"",
                                  "Name:\tx\n",
                                  "\nCapEff:\t\n",
                                  "\nCapEff:\txyz\n",
                                  "\nCapEff:\t0000ffffffffffffffffff\n",
                                  "CapPrm:\tffffffffffffffff\n"};
    for (const char *content : broken) {
        CAPTURE(content);
        const auto result = require_capabilities(Entering::own_namespace, folder.write("status", content));
        REQUIRE_FALSE(result);
        CHECK(result.error().kind == ErrorKind::failed);
    }
    CHECK_FALSE(require_capabilities(Entering::own_namespace, folder.path() + "/nothing"));
    // "CapEff" as a process name must not count.
    const auto forged = "Name:\tCapEff:\tffffffffffffffff\nCapEff:\t0000000000000000\n";
    CHECK_FALSE(require_capabilities(Entering::own_namespace, folder.write("status", forged)));
}

TEST_CASE("symbols: what counts as found") {
    const TemporaryFolder folder;
    using Found = std::map<std::string, Symbol>;
    const struct {
        const char *what;
        std::string content;
        std::vector<std::string> names;
        Found expected;
    } cases[] = {
        {"an empty file", "", {"br_forward"}, {}},
        {"nothing asked", "ffffffff81000000 T br_forward\n", {}, {}},
        {"of vmlinux and of a module",
         "ffffffff81000010 T br_forward\nffffffffc0a00020 t br_nf_pre_routing\t[br_netfilter]\n",
         {"br_forward", "br_nf_pre_routing"},
         {{"br_forward", {0xffffffff81000010, "", 0xffffffffc0a00020}},
          {"br_nf_pre_routing", {0xffffffffc0a00020, "br_netfilter"}}}},
        {"asked twice",
         "ffffffff81000010 T a\nffffffff81000020 T b\n",
         {"a", "a", "b"},
         {{"a", {0xffffffff81000010, "", 0xffffffff81000020}}, {"b", {0xffffffff81000020, ""}}}},
        {"only whole names",
         "1 T br_forward_finish\n2 T xbr_forward\n3 T br_forward.cold\n",
         {"br_forward"},
         {}},
        {"the module is no part of the name", "1 T x\t[br_forward]\n", {"br_forward"}, {}},
        {"hidden by kptr_restrict",
         "0000000000000000 T br_forward\n",
         {"br_forward"},
         {{"br_forward", {0, ""}}}},
        {"twice: the first", "7 t a\n8 t a\n", {"a", "b"}, {{"a", {7, "", 8}}}},
        {"no newline at the end", "7 T a", {"a"}, {{"a", {7, ""}}}},
        {"32 bits", "c0008000 T a\n", {"a"}, {{"a", {0xc0008000, ""}}}},
        {"broken lines",
         "\n \n7\n7 \n7 T\n7 T \nzz T a\n7z T a\n17777777777777777 T a\n T a\n9 T b\n",
         {"a", "b", ""},
         {{"b", {9, ""}}}},
    };
    for (const auto &test : cases) {
        CAPTURE(test.what);
        CHECK(find_symbols(test.names, folder.write("kallsyms", test.content)) == test.expected);
    }
    CHECK(find_symbols({"a"}, folder.path() + "/nothing").empty());
    CHECK(find_symbols({"a"}, folder.path()).empty());
}

TEST_CASE("symbols: lines across the ends of reads are whole") {
    const TemporaryFolder folder;
    std::string content;
    std::vector<std::string> names;
    for (int i = 1; i <= 20'000; ++i) {
        const std::string name = "function_" + std::to_string(i);
        content += std::to_string(i) + " t " + name + "\t[module]\n";
        names.push_back(name);
    }
    const auto found = find_symbols(names, folder.write("kallsyms", content));
    CHECK(found.size() == names.size());
    CHECK(found.at("function_12345").address == 0x12345);
    CHECK(found.at("function_20000") == Symbol{0x20000, "module"});
    CHECK(found.at("function_12345").end == 0x12346);
}

TEST_CASE("symbols: one ends where the next address begins") {
    const TemporaryFolder folder;
    const auto path =
        folder.write("kallsyms", "100 T first\n100 T alias\n180 t second\n200 T third\n50 t lower\t[m]\n");
    const auto found = find_symbols({"first", "second", "third"}, path);
    CHECK(found.at("first").end == 0x180);
    CHECK(found.at("second").end == 0x200);
    CHECK_MESSAGE(found.at("third").end == 0, "what follows is elsewhere");
}

TEST_CASE("modules: one loading is told from the next, what is built in is none") {
    const TemporaryFolder folder;
    const auto make = [&](const std::string &name, const char *state) {
        std::filesystem::create_directory(folder.path() + "/" + name);
        if (state)
            REQUIRE_FALSE(folder.write(name + "/initstate", state).empty());
    };
    make("built_in", nullptr);
    make("coming", "coming\n");
    make("going", "going\n");
    make("live", "live\n");
    make("live_too", "live\n");
    for (const char *name : {"nothing", "built_in", "coming", "going"})
        CHECK_FALSE(module_instance(name, folder.path()));
    REQUIRE(module_instance("live", folder.path()));
    CHECK(module_instance("live", folder.path()) == module_instance("live", folder.path()));
    CHECK(module_instance("live", folder.path()) != module_instance("live_too", folder.path()));
}

TEST_CASE("symbols: a file without lines has an end") {
    const TemporaryFolder folder;
    CHECK(find_symbols({"a"}, folder.write("kallsyms", std::string(300'000, 'x') + "\n7 T a\n")).empty());
}

TEST_CASE("btf: there, readable, and of this byte order") {
    const TemporaryFolder folder;
    const std::uint16_t magic = BTF_MAGIC;
    std::string right(reinterpret_cast<const char *>(&magic), sizeof(magic));
    const std::string swapped(right.rbegin(), right.rend());
    CHECK(has_vmlinux_btf(folder.write("right", right + "more")));
    CHECK_FALSE(has_vmlinux_btf(folder.write("swapped", swapped + "more")));
    CHECK_FALSE(has_vmlinux_btf(folder.write("short", right.substr(0, 1))));
    CHECK_FALSE(has_vmlinux_btf(folder.write("empty", "")));
    CHECK_FALSE(has_vmlinux_btf(folder.path() + "/nothing"));
    CHECK_FALSE(has_vmlinux_btf(folder.path()));
}
