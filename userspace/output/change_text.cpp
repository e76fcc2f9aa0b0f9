// SPDX-License-Identifier: BSD-2-Clause
#include "output/change_text.hpp"

#include "output/number.hpp"
#include "output/text_width.hpp"
#include "output/who_text.hpp"
#include "util/time.hpp"

#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace brpath {

namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

std::string number(const std::optional<int> &value) { return value ? std::to_string(*value) : "?"; }

std::string what_happened(const Change &change) {
    const auto from = number(change.from);
    const auto to = number(change.to);

    switch (change.kind) {
    case ChangeKind::module_loaded:
        return "br_netfilter loaded";
    case ChangeKind::module_unloaded:
        return "br_netfilter unloaded: bridged frames bypass netfilter";
    case ChangeKind::bridge_created:
        return fmt::format("bridge {} created ({})", change.bridge, change.note);
    case ChangeKind::bridge_attribute:
        return fmt::format("{} {} {} -> {}", change.bridge, change.key, from, to);
    case ChangeKind::lost:
        return change.lost ? fmt::format("{} {}", counted(static_cast<std::int64_t>(*change.lost), "change"),
                                         change.note)
                           : change.note;
    case ChangeKind::sysctl:
        break;
    }
    switch (change.outcome) {
    case ChangeOutcome::refused:
        return fmt::format("{} REFUSED: stays {}, {} was to be written", change.key, from, to);
    case ChangeOutcome::same:
        return fmt::format("{} stays {}: the same value was written", change.key, from);
    case ChangeOutcome::invalid:
        return fmt::format("{} stays {}: no number was written", change.key, from);
    case ChangeOutcome::ignored:
        return fmt::format("{} stays {}: {} was written, but not at the beginning of the file", change.key,
                           from, to);
    case ChangeOutcome::changed:
        break;
    }
    return fmt::format("{} {} -> {}", change.key, from, to);
}

const char *to_string(ChangeKind kind) {
    switch (kind) {
    case ChangeKind::bridge_attribute:
        return "bridge-attribute";
    case ChangeKind::bridge_created:
        return "bridge-created";
    case ChangeKind::module_loaded:
        return "module-loaded";
    case ChangeKind::module_unloaded:
        return "module-unloaded";
    case ChangeKind::lost:
        return "lost";
    case ChangeKind::sysctl:
        break;
    }
    return "sysctl";
}

const char *to_string(ChangeOutcome outcome) {
    switch (outcome) {
    case ChangeOutcome::same:
        return "same";
    case ChangeOutcome::refused:
        return "refused";
    case ChangeOutcome::invalid:
        return "invalid";
    case ChangeOutcome::ignored:
        return "ignored";
    case ChangeOutcome::changed:
        break;
    }
    return "changed";
}

void put(Writer &to, const char *key, const std::string &text) {
    to.Key(key);
    if (text.empty())
        to.Null();
    else
        to.String(text.c_str());
}

void put(Writer &to, const char *key, const std::optional<int> &value) {
    to.Key(key);
    if (value)
        to.Int(*value);
    else
        to.Null();
}

} // namespace

std::string render_change_line(const Change &change) {
    std::string line = fmt::format("{} {}", rfc3339(change.realtime_ns), what_happened(change));

    if (!change.netns_name.empty())
        line += fmt::format(" in {}", change.netns_name);
    if (change.who)
        line += " by " + who_text(*change.who);
    else if (change.kind == ChangeKind::bridge_attribute)
        line += fmt::format(" by somebody unknown: {}", change.note);
    return clean(line) + '\n';
}

std::string render_change_json(const Change &change) {
    rapidjson::StringBuffer buffer;
    Writer to(buffer);

    to.StartObject();
    put(to, "schema", std::string("brpath.change/1"));
    put(to, "time", rfc3339(change.realtime_ns));
    put(to, "kind", std::string(to_string(change.kind)));
    put(to, "outcome", std::string(to_string(change.outcome)));
    put(to, "key", change.key);
    put(to, "bridge", change.bridge);
    to.Key("netns");
    to.StartObject();
    to.Key("inode");
    to.Uint(change.netns);
    put(to, "name", change.netns_name);
    to.EndObject();
    put(to, "from", change.from);
    put(to, "to", change.to);
    put(to, "note", change.note);
    to.Key("lost");
    if (change.lost)
        to.Uint64(*change.lost);
    else
        to.Null();
    to.Key("who");
    if (change.who) {
        to.StartObject();
        write_who(to, *change.who);
        to.EndObject();
    } else {
        to.Null();
    }
    to.EndObject();
    return buffer.GetString() + std::string("\n");
}

} // namespace brpath
