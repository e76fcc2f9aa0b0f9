// SPDX-License-Identifier: BSD-2-Clause
#include "app/diagnostics.hpp"

#include "app/start.hpp"
#include "util/printable.hpp"

#include <cerrno>
#include <cstdio>
#include <fmt/format.h>
#include <map>
#include <string_view>
#include <unistd.h>

namespace brpath {

namespace {

// To a closed stderr there is nothing to say.
void say(const std::string &line) {
    const std::string text = fmt::format("brpath: {}\n", line);

    std::fwrite(text.data(), 1, text.size(), stderr);
}

std::string place(const std::string &netns) {
    return netns.empty() ? "here" : "in namespace " + printable(netns);
}

} // namespace

void Diagnostics::waiting_for_bridge(const std::string &netns, bool has_code) const {
    if (!has_code)
        say("the bridge module is not loaded; the kernel loads it with the first bridge (modprobe bridge "
            "does, too)");
    say(fmt::format("there is no bridge {}; waiting for one to appear (Ctrl-C ends, --netns looks elsewhere)",
                    place(netns)));
}

void Diagnostics::bridge_module_gone() const {
    say("the bridge module is gone, and every bridge with it; waiting for it to come back");
}

void Diagnostics::looked(const Audit &audit, std::chrono::nanoseconds time) const {
    if (verbosity_ < 1)
        return;
    const auto all = static_cast<std::int64_t>(audit.namespaces.size()) + audit.without_bridges;

    say(fmt::format("looked at {} network namespace{} and tried {} hooks in {} ms", all, all == 1 ? "" : "s",
                    audit.node.hooks.size(),
                    std::chrono::duration_cast<std::chrono::milliseconds>(time).count()));
}

void Diagnostics::planned(const HookPlan &plan) const {
    if (verbosity_ < 1)
        return;
    for (const auto &hook : plan) {
        for (const auto &line : hook.explanation)
            say(fmt::format("hook {}: not possible: {}", hook.hook->name, line));
        if (hook.candidate)
            say(fmt::format("hook {}: {} on {}", hook.hook->name, backend_name(hook.candidate->kind),
                            hook.candidate->symbol));
        else
            say(fmt::format("hook {}: none; not seen: {}", hook.hook->name, hook.hook->purpose));
    }
}

void Diagnostics::attached(const Started &started) const {
    std::map<std::string, int> backends;
    std::string summary;

    for (const auto &hook : started.probing.hooks)
        backends[hook.backend]++;
    for (const auto &[backend, hooks] : backends)
        summary += fmt::format("{}{} hooks by {}", summary.empty() ? "" : ", ", hooks, backend);
    say(fmt::format("attached in {} ms ({}); observing {}, Ctrl-C ends with a summary",
                    started.probing.attach_time.count(), summary, place(started.node.netns)));
}

void Diagnostics::writers(const std::string &why_not) const {
    if (verbosity_ > 0 && !why_not.empty())
        say(fmt::format("who changes the setting is not seen: {}", why_not));
}

void Diagnostics::watching(const std::string &netns, const std::string &blind,
                           const std::string &blind_namespaces) const {
    say(fmt::format("watching {}, Ctrl-C ends",
                    netns.empty() ? "sysctls of all namespaces, and bridges here and in named ones"
                                  : "namespace " + printable(netns)));
    if (!blind.empty())
        say(fmt::format("who changes a bridge's own attributes is not seen here: {}", blind));
    if (!blind_namespaces.empty())
        say(fmt::format("bridges in other namespaces are not seen: {} (it takes CAP_SYS_ADMIN)",
                        blind_namespaces));
}

void Diagnostics::guarding(const std::string &key, std::uint32_t stays, std::optional<int> now,
                           const std::string &netns) const {
    say(fmt::format("guarding {}={} {}: other writes get EPERM; not refused are bridges' own attributes and "
                    "unloading br_netfilter",
                    key, stays, netns.empty() ? "in all namespaces" : place(netns)));
    if (!now)
        say(fmt::format("{} is not there now: br_netfilter is absent", key));
    else if (static_cast<std::uint32_t>(*now) != stays)
        say(fmt::format("{} is {} now, and stays so until {} is written", key, *now, stays));
}

void Diagnostics::guard_pinned(const std::string &path) const {
    say(fmt::format("the guard is pinned and holds when brpath has ended; to remove it: rm {}", path));
}

Result<void> Diagnostics::tell_ready(std::optional<int> fd) const {
    constexpr std::string_view line = "ready\n";

    if (!fd)
        return {};
    if (write(*fd, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
        return fail_errno(fmt::format("write to --ready-fd {}", *fd), errno);
    close(*fd);
    return {};
}

void print_error(const Error &error) {
    say(fmt::format("cannot {}: {}", error.tried, error.why));
    if (!error.hint.empty())
        say(error.hint);
}

} // namespace brpath
