// SPDX-License-Identifier: BSD-2-Clause
// The setting: bridge-nf-call-*, per namespace and per bridge.
#pragma once

#include "kernel/links.hpp"
#include "util/result.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace brpath {

// /proc/sys/net/bridge of the calling thread's namespace. An absent value: the file is not there.
struct NamespaceSettings {
    bool module_present = false; // /proc/sys/net/bridge exists: br_netfilter is loaded, or built in
    std::optional<int> call_iptables;
    std::optional<int> call_ip6tables;
    std::optional<int> call_arptables;
    std::optional<int> filter_vlan_tagged;
    std::optional<int> filter_pppoe_tagged;
    std::optional<int> pass_vlan_input_dev;

    bool operator==(const NamespaceSettings &) const = default;
};

// Never fails: what cannot be read is absent. `root` is "/proc/sys/net/bridge" but for tests.
NamespaceSettings read_namespace_settings(const std::string &root = "/proc/sys/net/bridge");

// The number in a file of /proc/sys; nullopt: it is not there, cannot be read or holds something else.
std::optional<int> read_sysctl(const std::string &path);

// The one with this name (util/setting_names.hpp); nullopt: it is not there, or none of these.
std::optional<int> value_of(const NamespaceSettings &settings, std::string_view key);

} // namespace brpath
