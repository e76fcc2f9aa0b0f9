// SPDX-License-Identifier: BSD-2-Clause
#include "watch/who.hpp"

#include "kernel/read_file.hpp"
#include "util/printable.hpp"
#include "watch/cgroup_words.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>
#include <pwd.h>
#include <string>
#include <string_view>

namespace brpath {

namespace {

constexpr std::size_t proc_bytes_max = 65536;

std::string user_name(std::uint32_t uid) {
    std::array<char, 4096> room{};
    passwd entry{};
    passwd *found = nullptr;

    if (getpwuid_r(uid, &entry, room.data(), room.size(), &found) || !found)
        return std::to_string(uid);
    return printable(found->pw_name);
}

std::string name_of(const brpath_process &process) {
    return printable({process.comm, strnlen(process.comm, sizeof(process.comm))});
}

// Arguments end with a NUL each; those with a blank in them, or nothing, stand in quotes.
std::string command_line(std::string_view arguments) {
    std::string line;

    while (!arguments.empty()) {
        const auto end = std::min(arguments.find('\0'), arguments.size());
        const std::string_view argument = arguments.substr(0, end);
        arguments.remove_prefix(std::min(end + 1, arguments.size()));
        const bool is_plain = !argument.empty() && argument.find_first_of(" \t\n") == std::string_view::npos;
        line +=
            fmt::format("{0}{1}{2}{1}", line.empty() ? "" : " ", is_plain ? "" : "'", printable(argument));
    }
    return line;
}

// The process with this pid is still the one: another one would have another name, most likely.
bool is_there(const brpath_process &process) {
    const auto comm = read_file(fmt::format("/proc/{}/comm", process.pid), proc_bytes_max);

    return comm && printable(comm->substr(0, comm->find('\n'))) == name_of(process);
}

std::string proc_text(std::uint32_t pid, const char *file) {
    return read_file(fmt::format("/proc/{}/{}", pid, file), proc_bytes_max).value_or("");
}

// The line of the unified hierarchy.
std::string cgroup_in(const std::string &text) {
    const auto found = text.starts_with("0::") ? 0 : text.find("\n0::");

    if (found == std::string::npos)
        return {};
    const auto begin = text.find("::", found) + 2;
    return text.substr(begin, text.find('\n', begin) - begin);
}

} // namespace

Who describe_who(const brpath_change &change, const CgroupRoot &cgroups) {
    const auto &writer = change.chain[0];
    Who who;

    who.pid = writer.pid;
    who.name = name_of(writer);
    who.command = command_line(
        {change.arguments, std::min<std::size_t>(change.arguments_length, sizeof(change.arguments))});
    if (who.command.empty() && is_there(writer))
        who.command = command_line(proc_text(writer.pid, "cmdline"));
    who.user = user_name(writer.uid);
    if (change.login_uid != UINT32_MAX)
        who.login_user = user_name(change.login_uid);
    for (std::size_t i = 1; i < BRPATH_ANCESTORS && change.chain[i].pid; i++)
        who.parents.push_back({change.chain[i].pid, name_of(change.chain[i])});
    std::string cgroup = change.cgroup ? cgroups.path_of(change.cgroup) : "";
    if (cgroup.empty() && is_there(writer))
        cgroup = cgroup_in(proc_text(writer.pid, "cgroup"));
    const auto words = cgroup_words(cgroup);
    who.cgroup = printable(cgroup);
    who.unit = words.unit;
    who.container = words.container;
    if (!words.pod_uid.empty())
        who.pod = pod_name(words.pod_uid);
    return who;
}

} // namespace brpath
