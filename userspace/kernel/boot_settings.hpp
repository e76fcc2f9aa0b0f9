// SPDX-License-Identifier: BSD-2-Clause
// What the next boot will set, as far as the files of systemd tell.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace brpath {

struct BootValue {
    std::string value; // as written; may be empty
    std::string file;
    std::size_t line = 0; // the first line is 1

    bool operator==(const BootValue &) const = default;
};

// What systemd-sysctl will write, by sysctl.d(5). Not considered: credentials, the kernel's command line, and
// programs that set a sysctl later. A key of /proc/sys/net/bridge takes its value only if br_netfilter is
// loaded before, or a udev rule applies the files again.
class BootSettings {
  public:
    // Never fails: files that cannot be read are left out, so that their values are not known. `root` is "/"
    // but for tests.
    static BootSettings read(const std::string &root = "/");

    // The value that the key has in the end, and the line to change it in. The key is one of any spelling,
    // such as "net.bridge.bridge-nf-call-iptables" or "net/bridge/bridge-nf-call-iptables". nullopt: nothing
    // sets it.
    [[nodiscard]] std::optional<BootValue> value(std::string_view key) const;

  private:
    struct Entry {
        std::string key;                  // as a path below /proc/sys; may be a pattern
        std::optional<std::string> value; // absent: the key is only kept from patterns
        std::string file;
        std::size_t line = 0;
    };

    void add(Entry entry);

    std::vector<Entry> entries_; // in the order of writing, each key once
};

// The file of modules-load.d(5) that loads the module at boot, the first one if there are more. nullopt:
// none. Files that cannot be read are left out. Not considered: the kernel's command line, modprobe.d (which
// may forbid a module), the initial RAM disk, and programs that load a module later. `root` is "/" but for
// tests.
std::optional<std::string> boot_module_file(std::string_view module, const std::string &root = "/");

// A file of udev's rules that runs systemd-sysctl when the module comes, as sysctl.d(5) proposes; the first
// one. nullopt: none that can be read. `root` is "/" but for tests.
std::optional<std::string> boot_udev_file(std::string_view module, const std::string &root = "/");

} // namespace brpath
