// SPDX-License-Identifier: BSD-2-Clause
// What the next boot makes of the setting. systemd loads modules first (modules-load.d), then sets sysctls
// (sysctl.d), so that a module which comes later has the kernel's own values, unless a udev rule applies the
// files again.
#include "model/audit_rules.hpp"
#include "model/audit_text.hpp"
#include "util/setting_names.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace brpath {

namespace {

bool is_call(const std::string &key) {
    return key == setting::call_iptables || key == setting::call_ip6tables || key == setting::call_arptables;
}

// What br_netfilter begins with.
std::string kernel_value(const std::string &key) { return is_call(key) ? "1" : "0"; }

bool translates(const AuditFacts &facts, bool ipv6) {
    return !facts.families.at(ipv6).mechanisms.empty() && !facts.bridges.empty();
}

// A value of 0 for a family that is translated is what people lose days on.
CheckResult weight_of(const AuditFacts &facts, const std::string &key, const std::string &at_boot) {
    const bool hurts = at_boot == "0" && ((key == setting::call_iptables && translates(facts, false)) ||
                                          (key == setting::call_ip6tables && translates(facts, true)));
    return hurts ? CheckResult::warn : CheckResult::note;
}

Check check_module_at_boot(const AuditFacts &facts, const BootFacts &boot) {
    Check check{.name = "next boot br_netfilter"};
    const bool needed = translates(facts, false) || translates(facts, true);

    if (facts.module == ModuleState::built_in) {
        check.what = "built in";
    } else if (!boot.module_file.empty()) {
        check.what = "loaded by " + boot.module_file;
        if (facts.module == ModuleState::absent) {
            check.result = CheckResult::note;
            check.why = "it is absent now, and the next boot hands bridged frames to netfilter";
        }
    } else {
        check.what = "no file of modules-load.d loads it";
        if (facts.module != ModuleState::absent) {
            check.result = needed ? CheckResult::warn : CheckResult::note;
            check.why =
                needed
                    ? "it is loaded now, and Services here need it: after the next boot it is there only if "
                      "something else loads it"
                    : "it is loaded now; the next boot leaves that to whatever loads it";
            check.fix = {"echo br_netfilter > /etc/modules-load.d/br_netfilter.conf"};
        }
    }
    return check;
}

// The file is read before the module is there.
void put_too_early(Check &check, const BootFacts &boot, const BootSysctl &value) {
    const auto begins_with = kernel_value(value.key);

    if (!boot.udev_rule.empty()) {
        check.what = fmt::format("{} ({} line {}, applied by {} when br_netfilter comes)", value.at_boot,
                                 value.file, value.line, boot.udev_rule);
        return;
    }
    check.what = fmt::format("{} line {} says {}, and is read when br_netfilter is not there yet", value.file,
                             value.line, value.at_boot);
    if (value.at_boot != begins_with) {
        check.result = CheckResult::warn;
        check.why =
            fmt::format("a module that is loaded later begins with {}, whatever the file says", begins_with);
        check.fix = {"echo br_netfilter > /etc/modules-load.d/br_netfilter.conf"};
    }
}

Check check_value(const AuditFacts &facts, const BootFacts &boot, const BootSysctl &value) {
    Check check{.name = "next boot " + value.key};
    const bool comes_first = facts.module == ModuleState::built_in || !boot.module_file.empty();

    if (!comes_first) {
        put_too_early(check, boot, value);
        return check;
    }
    check.what = fmt::format("{} ({} line {})", value.at_boot, value.file, value.line);
    if (value.now.empty() || value.now == value.at_boot)
        return check;
    check.result = weight_of(facts, value.key, value.at_boot);
    check.why = fmt::format("it is {} now, and the next boot sets it to {}", value.now, value.at_boot);
    check.fix = {
        fmt::format("# decide which one is meant, then either: sysctl -w {}={}, or change {} line {}",
                    value.key, value.at_boot, value.file, value.line)};
    return check;
}

// What no file sets begins as the kernel has it.
void check_unset(const AuditFacts &facts, const BootFacts &boot, Checks &checks) {
    for (const auto &sysctl : facts.sysctls) {
        const bool is_set = std::any_of(boot.values.begin(), boot.values.end(),
                                        [&](const BootSysctl &value) { return value.key == sysctl.key; });
        if (is_set || !sysctl.value || std::to_string(*sysctl.value) == kernel_value(sysctl.key))
            continue;
        checks.push_back(
            {.name = "next boot " + sysctl.key,
             .result = CheckResult::note,
             .what = fmt::format("no file of sysctl.d sets it: {}", kernel_value(sysctl.key)),
             .why = fmt::format("it is {} now; br_netfilter begins with {}", *sysctl.value,
                                kernel_value(sysctl.key)),
             .fix = {fmt::format("# to keep it: echo '{} = {}' >> /etc/sysctl.d/99-bridge-netfilter.conf",
                                 sysctl.key, *sysctl.value)}});
    }
}

} // namespace

void check_boot(const AuditFacts &facts, Checks &checks) {
    if (!facts.boot)
        return;
    checks.push_back(check_module_at_boot(facts, *facts.boot));
    for (const auto &value : facts.boot->values)
        checks.push_back(check_value(facts, *facts.boot, value));
    if (facts.module != ModuleState::absent)
        check_unset(facts, *facts.boot, checks);
}

} // namespace brpath
