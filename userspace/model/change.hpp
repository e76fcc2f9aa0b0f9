// SPDX-License-Identifier: BSD-2-Clause
// A change of the setting, and who made it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace brpath {

struct Process {
    std::uint32_t pid = 0;
    std::string name; // its comm
};

// A process as it was when it made the change. All texts are safe to print.
struct Who {
    std::uint32_t pid = 0; // in the first PID namespace
    std::string name;      // its comm
    std::string
        command; // its command line, maybe cut; empty: it has none (a kernel thread) or it is not known
    std::string user;
    std::string login_user;       // who logged in (the audit's login uid); empty: nobody did
    std::vector<Process> parents; // the nearest first
    std::string cgroup;           // path in the unified hierarchy; empty: not known
    std::string unit;             // of systemd
    std::string container;        // its id, short
    std::string pod;              // "namespace/name", or its uid if the node does not know the name
};

enum class ChangeKind : std::uint8_t {
    sysctl,
    bridge_attribute,
    bridge_created,
    module_loaded,
    module_unloaded,
    lost, // changes that nobody can tell of
};

enum class ChangeOutcome : std::uint8_t {
    changed,
    same,    // it was written, and it was so before
    refused, // by a guard
    invalid, // no number: the kernel refuses it
    ignored, // not at the beginning of the file: the kernel passes over it
};

struct Change {
    std::int64_t realtime_ns = 0;
    ChangeKind kind = ChangeKind::sysctl;
    ChangeOutcome outcome = ChangeOutcome::changed;
    std::string key;         // "net.bridge.bridge-nf-call-iptables", "nf_call_iptables", "br_netfilter"
    std::string bridge;      // empty for what is no bridge's
    std::uint32_t netns = 0; // inode number; 0 for the module
    std::string netns_name;  // empty: it has none, or is the one that brpath runs in
    std::optional<int> from;
    std::optional<int> to;
    std::string note;                  // what else there is to know
    std::optional<std::uint64_t> lost; // how many; nullopt: none, or not known
    std::optional<Who> who;            // nullopt: it cannot be known here
};

} // namespace brpath
