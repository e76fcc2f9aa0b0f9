// SPDX-License-Identifier: BSD-2-Clause
// The words of docs/words.md, spelled once.
#include "model/summary.hpp"

#include "util/time.hpp"

namespace brpath {

std::string time_text(const Summary &summary, std::uint64_t monotonic_ns) {
    if (monotonic_ns == 0)
        return {};
    return rfc3339(static_cast<std::int64_t>(monotonic_ns) + summary.realtime_offset_ns);
}

const char *to_string(Severity severity) {
    switch (severity) {
    case Severity::info:
        return "info";
    case Severity::warning:
        return "warning";
    case Severity::critical:
        return "critical";
    }
    return "unknown";
}

const char *to_string(NameSourceState::State state) {
    switch (state) {
    case NameSourceState::State::up:
        return "up";
    case NameSourceState::State::down:
        return "down";
    case NameSourceState::State::absent:
        break;
    }
    return "absent";
}

const char *to_string(brpath_path path) {
    switch (path) {
    case BRPATH_BRIDGED:
        return "bridged";
    case BRPATH_ROUTED:
        return "routed";
    case BRPATH_UP:
        return "up";
    case BRPATH_FLOODED:
        return "flooded";
    case BRPATH_DROPPED:
        return "dropped";
    case BRPATH_EGRESS:
        return "egress";
    case BRPATH_PATHS:
        break;
    }
    return "unknown";
}

const char *to_string(brpath_handling handling) {
    switch (handling) {
    case BRPATH_TRACKED:
        return "tracked";
    case BRPATH_UNTRACKED:
        return "untracked";
    case BRPATH_HOOKED:
        return "hooked";
    case BRPATH_BYPASSED:
        return "bypassed";
    case BRPATH_UNKNOWN:
        return "unknown";
    case BRPATH_NONE:
        return "none";
    case BRPATH_HANDLINGS:
        break;
    }
    return "unknown";
}

const char *to_string(brpath_reason reason) {
    switch (reason) {
    case BRPATH_SYSCTL_OFF:
        return "sysctl-off";
    case BRPATH_MODULE_ABSENT:
        return "module-absent";
    case BRPATH_VLAN_TAGGED:
        return "vlan-tagged";
    case BRPATH_PPPOE_TAGGED:
        return "pppoe-tagged";
    case BRPATH_NOT_IP:
        return "not-ip";
    case BRPATH_REASON_UNKNOWN:
    case BRPATH_REASONS:
        break;
    }
    return "unknown";
}

} // namespace brpath
