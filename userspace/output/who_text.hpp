// SPDX-License-Identifier: BSD-2-Clause
// Who made a change, as text and as JSON.
#pragma once

#include "model/change.hpp"
#include "util/printable.hpp"

#include <fmt/format.h>
#include <string>

namespace brpath {

// "sysctl -w X (pid 42, user root, login alice, started by bash 41 < sshd 40, unit ssh.service)".
inline std::string who_text(const Who &who) {
    std::string text =
        fmt::format("{} (pid {}, user {}", who.command.empty() ? who.name : who.command, who.pid, who.user);

    if (!who.login_user.empty())
        text += ", login " + who.login_user;
    for (std::size_t i = 0; i < who.parents.size(); i++)
        text +=
            fmt::format("{}{} {}", i == 0 ? ", started by " : " < ", who.parents[i].name, who.parents[i].pid);
    if (!who.unit.empty())
        text += ", unit " + who.unit;
    if (!who.pod.empty())
        text += ", pod " + who.pod;
    if (!who.container.empty())
        text += ", container " + who.container;
    return text + ')';
}

// The members of `who` in brpath.change/1 (docs/watch.md). `Writer` is one of RapidJSON's.
template <typename Writer> void write_who(Writer &to, const Who &who) {
    const auto put = [&](const char *key, const std::string &text) {
        to.Key(key);
        if (text.empty())
            to.Null();
        else
            to.String(printable(text).c_str());
    };

    to.Key("pid");
    to.Uint(who.pid);
    put("name", who.name);
    put("command", who.command);
    put("user", who.user);
    put("login_user", who.login_user);
    to.Key("parents");
    to.StartArray();
    for (const auto &parent : who.parents) {
        to.StartObject();
        to.Key("pid");
        to.Uint(parent.pid);
        put("name", parent.name);
        to.EndObject();
    }
    to.EndArray();
    put("cgroup", who.cgroup);
    put("unit", who.unit);
    put("container", who.container);
    put("pod", who.pod);
}

} // namespace brpath
