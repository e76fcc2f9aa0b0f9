// SPDX-License-Identifier: BSD-2-Clause
// What brpath has seen, as values: built by the model, completed with names, rendered by output.
#pragma once

#include "model/address.hpp"
#include "model/change.hpp"

#include <array>
#include <brpath/abi.h>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace brpath {

// CLOCK_MONOTONIC, nanoseconds, as far as brpath could tell: to the length of an interval. 0: never.
struct TimeSpan {
    std::uint64_t first_ns = 0;
    std::uint64_t last_ns = 0;
};

// Frames by handling.
using ByHandling = std::array<std::int64_t, BRPATH_HANDLINGS>;

// Frames of one direction of a pair.
struct Counts {
    std::int64_t frames = 0;
    std::int64_t bytes = 0; // layer 2 length, as a port's counters have it
    std::array<std::int64_t, BRPATH_PATHS> by_path{};
    ByHandling by_handling{};
    std::array<std::int64_t, BRPATH_REASONS> by_reason{}; // of the bypassed ones
    std::int64_t dropped_in_ip_hooks = 0;                 // of the dropped ones
    std::int64_t translated_in_bridge = 0;                // of the bridged ones

    bool operator==(const Counts &) const = default;
};

struct Endpoint {
    std::string name; // empty: not known
    std::string ip;   // empty for frames that are not IP
    std::uint32_t port_ifindex = 0;
    std::string port_device;

    bool operator==(const Endpoint &) const = default;
};

// The address the client meant, where another endpoint answers.
struct Service {
    std::string name;
    std::string ip;
    std::uint16_t port = 0;
    std::uint8_t protocol = 0; // IPPROTO_*

    bool operator==(const Service &) const = default;
};

// A request and its answer, in headers.
struct Example {
    std::string asked;     // as the client sent it
    std::string delivered; // as the server got it
    std::string answered;  // as the reply left
    std::string expected;  // as the client would have taken it
};

// A rule of the IP FORWARD path that bypassed frames would have met.
struct PolicyHit {
    bool certain = false; // it would have dropped them; else it may have
    std::string rule;     // "table ip filter, chain X, rule 7"
};

struct Pair {
    Endpoint client;
    Endpoint server;
    std::optional<Service> service;
    std::string protocol; // "tcp", ...; for frames that are not IP the EtherType: "arp", "0x88cc"
    bool is_ip = true;
    std::uint16_t vlan = 0;
    Counts to_server;
    Counts to_client;
    // Evidence for findings.
    std::int64_t untranslated_replies = 0;
    std::int64_t untranslated_errors = 0; // ICMP errors of the server, about requests as it got them
    std::int64_t client_resets = 0;       // RSTs that answer untranslated replies
    std::int64_t client_errors = 0;       // ICMP errors that do
    std::int64_t syn_retransmissions = 0; // SYNs beyond the first of a connection
    std::array<std::int64_t, BRPATH_REASONS> untranslated_by_reason{}; // replies and errors
    TimeSpan untranslated_seen;
    std::optional<Example> example;                  // of an untranslated reply
    std::optional<std::int64_t> conntrack_unreplied; // entries that wait for such a reply; nullopt: not asked
    std::optional<PolicyHit> policy;
    std::vector<Tuple>
        samples; // requests of bypassed conversations as the server gets them; a few, the newest last
    std::vector<std::string> findings; // ids

    // The client cannot take what the server answers.
    [[nodiscard]] bool is_answered_untranslated() const {
        return service && (untranslated_replies > 0 || untranslated_errors > 0);
    }
};

// Frames of one direction at a change of the setting: since the change before it, and until the next one.
struct AroundChange {
    ByHandling before{};
    ByHandling since{};
};

// A pair whose frames were handled otherwise before a change than since.
struct MovedPair {
    Endpoint client;
    Endpoint server;
    std::optional<Service> service;
    std::string protocol;
    std::uint16_t vlan = 0;
    AroundChange to_server;
    AroundChange to_client;
};

struct MovedPairs {
    std::int64_t count = 0;         // how many there are
    std::vector<MovedPair> telling; // the most telling ones, at most moved_pairs_max
};

inline constexpr std::size_t moved_pairs_max = 8;

// The direction has frames before and since, and these are handled otherwise: a handling came or went, or
// most of the frames went to another one.
bool has_moved(const AroundChange &direction);

enum class Severity : std::uint8_t { info, warning, critical };

using EvidenceValue = std::variant<std::int64_t, std::string, std::vector<MovedPair>>;

struct Finding {
    std::string id;
    Severity severity = Severity::info;
    std::string summary{}; // one sentence
    std::vector<std::pair<std::string, EvidenceValue>> evidence{};
    std::vector<std::string> fix{}; // commands, or what to do, in order
};

struct FrameTotals {
    std::int64_t entered = 0;
    std::array<std::int64_t, BRPATH_PATHS> by_path{};
    std::int64_t in_flight = 0; // entered, and its end not yet known
    ByHandling by_handling{};   // of pairs, forgotten ones too
};

struct Losses {
    std::int64_t ring_full = 0;
    std::int64_t flow_table_full = 0;
    std::int64_t unattributed_frames = 0;
    std::optional<std::int64_t> missed_probes; // absent: this kernel does not say
    std::int64_t forgotten_pairs = 0;          // to make room; their frames are unattributed
    std::int64_t unlisted_changes = 0;         // of the setting, beyond those that are kept

    [[nodiscard]] bool any() const {
        return flow_table_full || unattributed_frames || missed_probes.value_or(0);
    }
};

struct AttachedHook {
    std::string hook;
    std::string symbol;
    std::string backend;
};

// nullopt: the kernel does not have the value (module absent, family not built).
struct FamilySetting {
    std::optional<int> sysctl;
    std::optional<int> bridge;
    std::optional<int> effective;
};

struct BridgeSummary {
    std::string name;
    std::int64_t ports = 0;
    FamilySetting ipv4;
    FamilySetting ipv6;
    FamilySetting arp;
};

// What held and changed while brpath watched.
struct SettingChange {
    std::string time; // RFC 3339
    std::string what; // "net.bridge.bridge-nf-call-iptables", "br_netfilter", "cni0 nf_call_iptables"
    std::string from;
    std::string to;
    ByHandling frames_before{};           // since the start
    MovedPairs moved{};                   // of several changes at one moment each has the same ones
    std::optional<Who> who{std::nullopt}; // nullopt: it is not known
};

// A sysctl that the next boot will set.
struct BootSysctl {
    std::string key;
    std::string now; // empty: there is no such sysctl now, for the module is absent
    std::string at_boot;
    std::string file;
    std::int64_t line = 0;
};

// A source of names, as it is now.
struct NameSourceState {
    enum class State : std::uint8_t { absent, up, down };

    std::string id;
    State state = State::absent;
    std::int64_t endpoints = 0; // that it knows
    std::int64_t services = 0;
    std::string why; // it is down, or what it cannot tell
};

struct Node {
    std::string hostname;
    std::string kernel;
    std::string netns;
    std::string started; // RFC 3339
    double duration_s = 0;
    bool boots_from_here = false; // sysctl.d is applied to this network namespace when the machine boots
};

struct Summary {
    Node node;
    std::vector<AttachedHook> hooks;
    bool module_present = false; // br_netfilter
    std::vector<BridgeSummary> bridges;
    std::vector<SettingChange> changes;  // in the order of time
    std::vector<BootSysctl> boot_values; // none in another namespace: sysctl.d is not for it
    std::int64_t realtime_offset_ns = 0; // CLOCK_REALTIME less CLOCK_MONOTONIC
    FrameTotals frames;
    std::vector<Pair> pairs;
    std::vector<Finding> findings;
    std::vector<NameSourceState> name_sources; // the most trusted first
    Losses losses;
};

// RFC 3339, in UTC, of a time in TimeSpan; empty for 0.
std::string time_text(const Summary &summary, std::uint64_t monotonic_ns);

const char *to_string(Severity severity);
const char *to_string(NameSourceState::State state);
const char *to_string(brpath_path path);
const char *to_string(brpath_handling handling);
const char *to_string(brpath_reason reason);

} // namespace brpath
