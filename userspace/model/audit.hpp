// SPDX-License-Identifier: BSD-2-Clause
// What `brpath doctor` finds: facts of a node as they were read, and what follows from them. Data only.
#pragma once

#include "model/summary.hpp"

#include <array>
#include <brpath/abi.h>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace brpath {

// --- facts. Every name is printable.

enum class ModuleState : std::uint8_t { absent, loaded, built_in };

// What rules do to the frames of one bridge.
enum class Extent : std::uint8_t {
    none,
    some,      // to some frames; which ones is not followed
    by_source, // to all frames of some sources
    all,
};

// A way in which addresses are translated.
struct MechanismUse {
    std::string name;       // "iptables-nft", "iptables-legacy", "nftables", "IPVS"
    std::int64_t rules = 0; // or services of IPVS
    std::string first{};    // "table ip nat, chain X, rule 7"; empty for IPVS
};

// The rules that a frame between two ports of a bridge may come to, in one family.
struct BridgeRules {
    std::vector<MechanismUse> translating{}; // its destination
    Extent source = Extent::none;            // how far its source is translated as well
    Extent untracked = Extent::none;
    std::string untracked_rule{};
    std::optional<PolicyHit> forward{}; // a rule of FORWARD that drops it
};

struct BridgeFacts {
    BridgeSummary summary;
    bool carries_vlans = false;                        // a VLAN device stands on it
    std::array<std::optional<BridgeRules>, 2> rules{}; // of IPv4, IPv6; nullopt: they could not be read
};

struct FamilyFacts {
    std::optional<int> forwards{};                   // ip_forward, or its like
    brpath_answer conntrack = BRPATH_ANSWER_UNKNOWN; // registered here
    std::vector<MechanismUse> mechanisms{};          // wherever in the namespace
};

struct SysctlFact {
    std::string key;
    std::optional<int> value{}; // nullopt: there is none
};

// What systemd does at the next boot.
struct BootFacts {
    std::string module_file{};        // of modules-load.d, with br_netfilter; empty: none
    std::string udev_rule{};          // a file that applies sysctls when br_netfilter comes; empty: none
    std::vector<BootSysctl> values{}; // what sysctl.d sets
};

// One network namespace.
struct AuditFacts {
    std::string netns{}; // its name or path; empty: the one that brpath runs in
    std::uint32_t inode = 0;
    ModuleState module = ModuleState::absent; // br_netfilter
    std::vector<SysctlFact> sysctls{};        // net.bridge.*
    std::array<FamilyFacts, 2> families{};    // IPv4, IPv6
    brpath_answer bridge_conntrack =
        BRPATH_ANSWER_UNKNOWN; // nf_conntrack_bridge, which needs no br_netfilter
    std::vector<BridgeFacts> bridges{};
    std::string bridges_unseen{};    // why bridges could not be listed
    std::string rules_unseen{};      // why rules could not be read
    std::string conntrack_unseen{};  // why it is not known whether conntrack is registered
    std::optional<BootFacts> boot{}; // only where sysctl.d is applied: in the machine's first namespace
};

// A way to serve a hook.
struct HookWay {
    std::string backend;
    std::string symbol;
    std::string why_not{}; // empty: it works
};

struct HookFacts {
    std::string hook;
    std::string purpose;
    bool required = false;
    std::vector<HookWay> ways{}; // in the order of preference
};

// The first way that works; nullptr: none.
const HookWay *chosen_way(const HookFacts &hook);

struct NodeFacts {
    std::string hostname{};
    std::string kernel{};
    std::string time{};             // RFC 3339
    std::vector<HookFacts> hooks{}; // none if they could not be tried
    std::string hooks_unseen{};     // why
    std::vector<std::string> missing_capabilities{};
};

// --- what follows

// The greatest counts. What is not known is no reason for an alarm.
enum class CheckResult : std::uint8_t { ok, note, unknown, warn, fail };

struct Check {
    std::string name; // "br_netfilter", "net.bridge.bridge-nf-call-iptables", "bridge cni0"
    CheckResult result = CheckResult::ok;
    std::string what{};             // it is, in a few words
    std::string why{};              // it matters here; empty: it does not
    std::vector<std::string> fix{}; // commands, or what to do, in order
};

enum class ServiceOutcome : std::uint8_t { works, breaks, no_translation, unknown };

// What becomes of a pair of pods on one bridge.
struct Prediction {
    std::string bridge;
    bool ipv6 = false;
    brpath_tag tag = BRPATH_TAG_NONE;
    std::vector<brpath_handling>
        handling{}; // of frames that they send to each other's own address: any of these
    brpath_reason reason = BRPATH_REASON_UNKNOWN; // why br_netfilter does not hand them over, if so
    std::optional<ServiceOutcome> service{};      // through a Service; nullopt: such frames reach none
    std::string why{};                            // of what depends, breaks or is not known
};

struct NamespaceAudit {
    AuditFacts facts;
    CheckResult result = CheckResult::ok;
    std::string verdict;
    std::vector<Check> checks;
    std::vector<Prediction> predictions;
};

struct Audit {
    NodeFacts node;
    CheckResult result = CheckResult::ok;
    std::string verdict;
    std::vector<Check> checks; // of the node: capabilities, hooks
    std::vector<NamespaceAudit> namespaces;
    std::int64_t without_bridges = 0; // more namespaces, which have none
    std::vector<std::string> unseen;  // namespaces that could not be looked into, and why
};

const char *to_string(CheckResult result);
const char *to_string(ServiceOutcome outcome);
const char *to_string(ModuleState state);
const char *to_string(brpath_tag tag); // "plain", "vlan-tagged", "pppoe-tagged"

} // namespace brpath
