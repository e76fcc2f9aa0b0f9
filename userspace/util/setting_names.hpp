// SPDX-License-Identifier: BSD-2-Clause
// What the parts of the setting are called where a person looks at them and changes them.
#pragma once

#include <array>

namespace brpath::setting {

constexpr const char *module = "br_netfilter";
// Its values, where others are numbers.
constexpr const char *present = "present";
constexpr const char *absent = "absent";

constexpr const char *call_iptables = "net.bridge.bridge-nf-call-iptables";
constexpr const char *call_ip6tables = "net.bridge.bridge-nf-call-ip6tables";
constexpr const char *call_arptables = "net.bridge.bridge-nf-call-arptables";
constexpr const char *filter_vlan_tagged = "net.bridge.bridge-nf-filter-vlan-tagged";
constexpr const char *filter_pppoe_tagged = "net.bridge.bridge-nf-filter-pppoe-tagged";
constexpr const char *pass_vlan_input_dev = "net.bridge.bridge-nf-pass-vlan-input-dev";

inline constexpr std::array sysctls = {call_iptables,      call_ip6tables,      call_arptables,
                                       filter_vlan_tagged, filter_pppoe_tagged, pass_vlan_input_dev};

// The sysctl of a family.
constexpr const char *call_sysctl(bool ipv6) { return ipv6 ? call_ip6tables : call_iptables; }

// The bridge's own attribute for a family, as `ip link` has it.
constexpr const char *call_attribute(bool ipv6) { return ipv6 ? "nf_call_ip6tables" : "nf_call_iptables"; }

} // namespace brpath::setting
