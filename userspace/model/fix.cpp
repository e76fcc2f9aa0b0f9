// SPDX-License-Identifier: BSD-2-Clause
#include "model/fix.hpp"

#include "util/setting_names.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace brpath {

std::string quote_for_shell(const std::string &word) {
    constexpr const char *harmless = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-:@";
    std::string quoted = "'";

    if (word.find_first_not_of(harmless) == std::string::npos)
        return word;
    for (const char character : word)
        quoted += character == '\'' ? std::string("'\\''") : std::string(1, character);
    return quoted + "'";
}

std::string in_namespace(const std::string &netns, const std::string &command) {
    if (netns.empty())
        return command;
    const bool is_path = netns.find('/') != std::string::npos;

    return fmt::format("nsenter --net={} {}", quote_for_shell((is_path ? "" : "/run/netns/") + netns),
                       command);
}

namespace {

constexpr const char *own_file = "/etc/sysctl.d/99-bridge-netfilter.conf";

// For good. sysctl.d(5): files are read in the order of their names, and the last one that sets a key wins.
std::string for_good(const std::string &key, const Summary &summary) {
    const auto name_of = [](const std::string &path) { return path.substr(path.rfind('/') + 1); };

    for (const auto &boot : summary.boot_values)
        if (boot.key == key && boot.at_boot != "1" && name_of(boot.file) > name_of(own_file))
            return fmt::format(
                "# for good: change {} line {} to {} = 1; it is read later than a new file would be",
                boot.file, boot.line, key);
    return fmt::format("echo '{} = 1' >> {}", key, own_file);
}

// The attribute is the bridge's own, and is gone with it.
std::string for_one_bridge(bool ipv6, const Summary &summary) {
    const std::string bridge =
        summary.bridges.size() == 1 ? quote_for_shell(summary.bridges.front().name) : "BRIDGE";

    return "# or for one bridge, as long as it lives: " +
           in_namespace(summary.node.netns, fmt::format("ip link set dev {} type bridge {} 1", bridge,
                                                        setting::call_attribute(ipv6)));
}

} // namespace

std::vector<std::string> fix_for_drops(bool ipv6, const Summary &summary) {
    const char *tool = ipv6 ? "ip6tables" : "iptables";

    return {
        "# either accept what stays on the bridge, before the rule that drops it; other rules of FORWARD do "
        "not see it then (rpfilter and other rules before routing need their own exception):",
        in_namespace(summary.node.netns,
                     fmt::format("{} -I FORWARD -m physdev --physdev-is-bridged -j ACCEPT", tool)),
        "# or take bridged frames out of netfilter, if no Service needs it (brpath shows which do: "
        "depends-on-bridge-netfilter):",
        in_namespace(summary.node.netns, fmt::format("sysctl -w {}=0", setting::call_sysctl(ipv6))),
    };
}

std::vector<std::string> fix_for_bypass(const Counts &bypassed, bool ipv6, const Summary &summary) {
    const std::string key = setting::call_sysctl(ipv6);
    std::vector<std::string> keys;
    std::vector<std::string> fix;

    if (bypassed.by_reason[BRPATH_MODULE_ABSENT]) {
        fix.emplace_back("modprobe br_netfilter");
        fix.emplace_back("echo br_netfilter > /etc/modules-load.d/br_netfilter.conf");
        keys.push_back(key); // loaded, it defaults to 1; a sysctl.d file may say otherwise
    }
    if (bypassed.by_reason[BRPATH_SYSCTL_OFF] && keys.empty())
        keys.push_back(key);
    if (bypassed.by_reason[BRPATH_VLAN_TAGGED])
        keys.emplace_back(setting::filter_vlan_tagged);
    if (bypassed.by_reason[BRPATH_PPPOE_TAGGED])
        keys.emplace_back(setting::filter_pppoe_tagged);
    for (const auto &name : keys)
        fix.push_back(in_namespace(summary.node.netns, fmt::format("sysctl -w {}=1", name)));
    // sysctl.d is applied at boot, to the namespace that boots: elsewhere it would do nothing
    for (const auto &name : summary.node.boots_from_here ? keys : std::vector<std::string>{})
        fix.push_back(for_good(name, summary));
    if (bypassed.by_reason[BRPATH_SYSCTL_OFF])
        fix.push_back(for_one_bridge(ipv6, summary));
    if (!keys.empty())
        fix.emplace_back("# this hands bridged frames to conntrack, rpfilter and the rules of FORWARD as "
                         "well; it costs time");
    if (fix.empty())
        fix.emplace_back("the setting is on as far as brpath can see: run `brpath observe -v` again and "
                         "compare the rules of the namespace");
    return fix;
}

void add_reasons(Counts &sum, const Counts &counts) {
    for (std::size_t reason = 0; reason < BRPATH_REASONS; reason++)
        sum.by_reason.at(reason) += counts.by_reason.at(reason);
}

std::vector<std::string> fix_for_bypass(const Counts &ipv4, const Counts &ipv6, const Summary &summary) {
    const auto is_none = [](const Counts &counts) { return counts.by_reason == Counts{}.by_reason; };
    std::vector<std::string> fix;

    for (const bool is_ipv6 : {false, true}) {
        const auto &counts = is_ipv6 ? ipv6 : ipv4;
        if (is_none(counts) && !(is_ipv6 && fix.empty()))
            continue;
        for (auto &line : fix_for_bypass(counts, is_ipv6, summary))
            if (std::find(fix.begin(), fix.end(), line) == fix.end())
                fix.push_back(std::move(line));
    }
    return fix;
}

} // namespace brpath
