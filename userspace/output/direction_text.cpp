// SPDX-License-Identifier: BSD-2-Clause
#include "output/direction_text.hpp"

#include "output/number.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <optional>

namespace brpath {

namespace {

using ByPath = std::array<std::int64_t, BRPATH_PATHS>;

struct Split {
    ByPath bypassed{};
    ByPath others{};
};

// Paths are counted over all handlings; which frames of a path were bypassed follows where only one answer is
// possible, because nothing but bridged and flooded frames can be.
std::optional<Split> split_paths(const Counts &counts) {
    const auto bypassed = counts.by_handling[BRPATH_BYPASSED];
    const auto bridged = counts.by_path[BRPATH_BRIDGED];
    const auto flooded = counts.by_path[BRPATH_FLOODED];
    Split split{{}, counts.by_path};

    if (bypassed == bridged + flooded) {
        split.bypassed[BRPATH_BRIDGED] = bridged;
        split.bypassed[BRPATH_FLOODED] = flooded;
    } else if (flooded == 0) {
        split.bypassed[BRPATH_BRIDGED] = bypassed;
    } else if (bridged == 0) {
        split.bypassed[BRPATH_FLOODED] = bypassed;
    } else if (bypassed != 0) {
        return std::nullopt;
    }
    for (std::size_t path = 0; path < BRPATH_PATHS; path++)
        split.others.at(path) -= split.bypassed.at(path);
    return split;
}

// "routed", or "4 routed, 1 dropped".
std::string path_words(const ByPath &by_path) {
    std::vector<std::string> words;

    for (std::size_t path = 0; path < BRPATH_PATHS; path++)
        if (by_path.at(path) != 0)
            words.push_back(
                fmt::format("{} {}", grouped(by_path.at(path)), to_string(static_cast<brpath_path>(path))));
    if (words.size() == 1)
        return words[0].substr(words[0].find(' ') + 1);
    return fmt::format("{}", fmt::join(words, ", "));
}

// The setting being off, or the module absent, is said once for the whole bridge; any other reason is news.
std::string reason_words(const Counts &counts) {
    std::vector<std::string> words;

    for (const auto reason : {BRPATH_VLAN_TAGGED, BRPATH_PPPOE_TAGGED})
        if (counts.by_reason.at(reason) != 0)
            words.emplace_back(to_string(reason));
    if (counts.by_reason[BRPATH_REASON_UNKNOWN] != 0)
        words.emplace_back("reason unknown");
    return fmt::format("{}", fmt::join(words, ", "));
}

std::string bypassed_detail(const Counts &counts, const std::optional<Split> &split) {
    std::string detail = reason_words(counts);

    if (split && split->bypassed[BRPATH_FLOODED] != 0)
        detail += (detail.empty() ? "" : "; ") + path_words(split->bypassed);
    return detail;
}

bool has_one_path(const ByPath &by_path) {
    return std::count_if(by_path.begin(), by_path.end(), [](auto frames) { return frames != 0; }) == 1;
}

// Handlings other than bypassed that have frames.
long count_other_handlings(const Counts &counts) {
    long others = 0;

    for (std::size_t handling = 0; handling < BRPATH_HANDLINGS; handling++)
        others += handling != BRPATH_BYPASSED && counts.by_handling.at(handling) != 0;
    return others;
}

std::string detail_of(brpath_handling handling, const Counts &counts) {
    const auto split = split_paths(counts);

    if (handling == BRPATH_BYPASSED)
        return bypassed_detail(counts, split);
    // which of several handlings went which of several ways was not counted
    if (!split || (count_other_handlings(counts) > 1 && !has_one_path(split->others)))
        return {};
    return path_words(split->others);
}

} // namespace

std::vector<std::string> describe_direction(const Counts &counts, const DirectionStyle &style) {
    std::vector<std::string> parts;

    for (std::size_t i = 0; i < BRPATH_HANDLINGS; i++) {
        const auto handling = static_cast<brpath_handling>(i);
        const auto frames = counts.by_handling.at(i);
        if (frames == 0)
            continue;
        const bool loud = handling == BRPATH_BYPASSED && style.alarm;
        auto part = fmt::format("{} {}", grouped(frames), loud ? "BYPASSED" : to_string(handling));
        const auto detail = style.paths ? detail_of(handling, counts) : "";
        if (!detail.empty())
            part += fmt::format(" ({})", detail);
        parts.push_back(std::move(part));
    }
    if (parts.empty())
        parts.push_back(grouped(counts.frames));
    return parts;
}

std::vector<std::string> describe_not_ip(const Counts &counts) {
    Counts hooked = counts;
    std::vector<std::string> parts;

    hooked.by_handling[BRPATH_NONE] = 0;
    if (std::any_of(hooked.by_handling.begin(), hooked.by_handling.end(),
                    [](auto frames) { return frames != 0; }))
        parts = describe_direction(hooked, {.paths = false, .alarm = false});
    const auto split = split_paths(counts);
    if (counts.by_handling[BRPATH_NONE] == 0 || !split)
        return parts;
    for (std::size_t path = 0; path < BRPATH_PATHS; path++)
        if (split->others.at(path) != 0)
            parts.push_back(fmt::format("{} {}", grouped(split->others.at(path)),
                                        to_string(static_cast<brpath_path>(path))));
    return parts;
}

} // namespace brpath
