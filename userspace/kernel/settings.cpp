// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/settings.hpp"

#include "kernel/read_file.hpp"
#include "util/setting_names.hpp"

#include <charconv>
#include <filesystem>
#include <string_view>

namespace brpath {

namespace {

// What a sysctl file may hold: one number and a newline.
constexpr std::size_t sysctl_bytes_max = 64;

} // namespace

std::optional<int> read_sysctl(const std::string &path) {
    const auto content = read_file(path, sysctl_bytes_max);
    if (!content)
        return std::nullopt;
    std::string_view text = *content;
    while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
        text.remove_suffix(1);
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

NamespaceSettings read_namespace_settings(const std::string &root) {
    NamespaceSettings settings;
    std::error_code ignored;
    settings.module_present = std::filesystem::is_directory(root, ignored);
    settings.call_iptables = read_sysctl(root + "/bridge-nf-call-iptables");
    settings.call_ip6tables = read_sysctl(root + "/bridge-nf-call-ip6tables");
    settings.call_arptables = read_sysctl(root + "/bridge-nf-call-arptables");
    settings.filter_vlan_tagged = read_sysctl(root + "/bridge-nf-filter-vlan-tagged");
    settings.filter_pppoe_tagged = read_sysctl(root + "/bridge-nf-filter-pppoe-tagged");
    settings.pass_vlan_input_dev = read_sysctl(root + "/bridge-nf-pass-vlan-input-dev");
    return settings;
}

std::optional<int> value_of(const NamespaceSettings &settings, std::string_view key) {
    if (key == setting::call_iptables)
        return settings.call_iptables;
    if (key == setting::call_ip6tables)
        return settings.call_ip6tables;
    if (key == setting::call_arptables)
        return settings.call_arptables;
    if (key == setting::filter_vlan_tagged)
        return settings.filter_vlan_tagged;
    if (key == setting::filter_pppoe_tagged)
        return settings.filter_pppoe_tagged;
    return key == setting::pass_vlan_input_dev ? settings.pass_vlan_input_dev : std::nullopt;
}

} // namespace brpath
