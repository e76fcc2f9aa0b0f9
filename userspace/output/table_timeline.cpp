// SPDX-License-Identifier: BSD-2-Clause
#include "model/finding_text.hpp"
#include "output/number.hpp"
#include "output/table_pairs.hpp"
#include "output/table_sections.hpp"
#include "output/text_width.hpp"
#include "output/text_wrap.hpp"
#include "output/who_text.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>
#include <vector>

namespace brpath {

namespace {

constexpr std::size_t entries_max = 8;
constexpr std::size_t pairs_max = 3;
constexpr std::size_t broken_max = 3;

// Something that happened, with what belongs to it below.
struct Entry {
    std::string time; // RFC 3339
    std::string text;
    std::vector<std::string> below;
};

std::string frames_text(const ByHandling &frames, bool alarm) {
    std::vector<std::string> parts;

    for (std::size_t i = 0; i < BRPATH_HANDLINGS; i++) {
        if (frames.at(i) == 0)
            continue;
        const auto handling = static_cast<brpath_handling>(i);
        const char *word = alarm && handling == BRPATH_BYPASSED ? "BYPASSED" : to_string(handling);
        parts.push_back(fmt::format("{} {}", word, grouped(frames.at(i))));
    }
    return fmt::format("{}", fmt::join(parts, ", "));
}

// "frontend > cart via shop/cart 10.96.0.10:80 (tcp): to client tracked 12 -> BYPASSED 3". What was bypassed
// is an alarm where the client waits for a translated answer.
std::string pair_text(const MovedPair &pair) {
    std::vector<std::string> directions;

    if (has_moved(pair.to_server))
        directions.push_back(fmt::format("to server {} -> {}", frames_text(pair.to_server.before, false),
                                         frames_text(pair.to_server.since, false)));
    if (const bool alarm = pair.service.has_value(); has_moved(pair.to_client))
        directions.push_back(fmt::format("to client {} -> {}", frames_text(pair.to_client.before, alarm),
                                         frames_text(pair.to_client.since, alarm)));
    return fmt::format("{} > {}{} ({}): {}", label(pair.client), label(pair.server),
                       pair.service ? " via " + service_text(*pair.service) : "", pair.protocol,
                       fmt::join(directions, "; "));
}

std::vector<std::string> pair_lines(const MovedPairs &moved) {
    const auto shown = std::min(moved.telling.size(), pairs_max);
    std::vector<std::string> lines;

    for (std::size_t i = 0; i < shown; i++)
        lines.push_back(pair_text(moved.telling[i]));
    if (const auto others = moved.count - static_cast<std::int64_t>(shown); others > 0)
        lines.push_back(fmt::format("and {} handled otherwise: --format json lists the most telling",
                                    counted(others, "more pair")));
    return lines;
}

// Of changes at one moment the last one says what became of whom.
bool is_last_of_moment(const std::vector<SettingChange> &changes, std::size_t i) {
    return i + 1 == changes.size() || changes[i + 1].frames_before != changes[i].frames_before;
}

Entry entry_of(const std::vector<SettingChange> &changes, std::size_t i) {
    const auto &change = changes[i];
    Entry entry{change.time, fmt::format("{} {} -> {}", change.what, change.from, change.to), {}};

    if (change.who)
        entry.below.push_back("by " + who_text(*change.who));
    if (is_last_of_moment(changes, i))
        std::ranges::move(pair_lines(change.moved), std::back_inserter(entry.below));
    return entry;
}

// The first reply that no client could take, of the Services that broke first.
std::vector<Entry> broken_entries(const Summary &summary) {
    std::vector<std::pair<std::uint64_t, const Pair *>> broken;
    std::vector<Entry> entries;

    for (const auto &pair : summary.pairs)
        if (pair.is_answered_untranslated() && pair.untranslated_seen.first_ns)
            broken.emplace_back(pair.untranslated_seen.first_ns, &pair);
    std::ranges::stable_sort(broken, std::less<>{}, [](const auto &each) { return each.first; });
    if (broken.size() > broken_max)
        broken.resize(broken_max);
    entries.reserve(broken.size());
    for (const auto &[first_ns, pair] : broken)
        entries.push_back(
            {time_text(summary, first_ns),
             fmt::format("first reply of {} to {} that is not translated ({})", label(pair->server),
                         label(pair->client), service_text(*pair->service)),
             {}});
    return entries;
}

// "09:30:07", or with its day if that is not the day on which brpath started.
std::string clock_text(const std::string &time, const std::string &started) {
    constexpr std::size_t day_length = 11; // "2026-03-01T"

    if (time.size() <= day_length || !time.starts_with(started.substr(0, day_length)))
        return time;
    return time.substr(day_length, time.find('Z') - day_length);
}

} // namespace

std::string render_timeline(const Summary &summary, const TableStyle &style) {
    constexpr std::size_t indent = 11;
    const auto columns = static_cast<std::size_t>(style.columns);
    std::vector<Entry> entries;
    std::string result;

    if (summary.changes.empty())
        return {};
    for (std::size_t i = 0; i < summary.changes.size(); i++)
        entries.push_back(entry_of(summary.changes, i));
    std::ranges::move(broken_entries(summary), std::back_inserter(entries));
    std::ranges::stable_sort(entries, std::less<>{}, &Entry::time);
    const auto left_out = entries.size() > entries_max ? entries.size() - entries_max : 0;
    const auto add = [&](const std::string &text, std::size_t at, Ink ink) {
        const auto label = result.empty() ? "TIMELINE" : "";
        result += paragraph({.label = label, .indent = at, .label_ink = Ink::dim, .ink = ink}, clean(text),
                            columns, style.colour);
    };
    if (left_out > 0)
        add(fmt::format("{} before: --format json lists them",
                        counted(static_cast<std::int64_t>(left_out), "event")),
            indent, Ink::plain);
    for (std::size_t i = left_out; i < entries.size(); i++) {
        add(clock_text(entries[i].time, summary.node.started) + "  " + entries[i].text, indent, Ink::bold);
        for (const auto &line : entries[i].below)
            add(line, indent + 2, Ink::plain);
    }
    if (const auto unlisted = summary.losses.unlisted_changes; unlisted > 0)
        add(fmt::format("and {} of the setting since, which are not kept", counted(unlisted, "more change")),
            indent, Ink::plain);
    return result;
}

} // namespace brpath
