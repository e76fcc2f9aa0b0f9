// SPDX-License-Identifier: BSD-2-Clause
#include "model/timeline.hpp"

#include "util/setting_names.hpp"

#include <algorithm>
#include <cstdlib>

namespace brpath {

namespace {

// A change is seen within 100 ms, a bridge's within the second. What lies further apart is not the same one.
constexpr std::int64_t together_ns = 2'000'000'000;

bool is_together(std::int64_t a, std::int64_t b) { return std::abs(a - b) <= together_ns; }

// As a look at the setting names it.
std::string what_of(const Change &change) {
    return change.bridge.empty() ? change.key : change.bridge + ' ' + change.key;
}

std::string value_of(const Change &change) {
    if (change.kind == ChangeKind::module_loaded)
        return setting::present;
    if (change.kind == ChangeKind::module_unloaded)
        return setting::absent;
    return change.to ? std::to_string(*change.to) : "";
}

} // namespace

void Timeline::close(const PairTable &pairs) {
    if (open_ == changes_.size())
        return;
    const auto moved = pairs.moved();
    for (; open_ < changes_.size(); open_++)
        changes_[open_].moved = moved;
}

void Timeline::add(std::vector<SettingChange> seen, std::int64_t now_ns, PairTable &pairs) {
    if (seen.empty())
        return;
    // Without a frame in between it is still the same moment.
    const bool is_same_moment =
        open_ < changes_.size() && changes_[open_].frames_before == pairs.by_handling();
    if (!is_same_moment)
        close(pairs);
    const bool was_full = changes_.size() == changes_max;
    for (auto &change : seen) {
        if (changes_.size() == changes_max) {
            unlisted_++;
            continue;
        }
        change.frames_before = pairs.by_handling();
        name_writer(change, now_ns);
        changes_.push_back(std::move(change));
        seen_ns_.push_back(now_ns);
    }
    if (!is_same_moment && !was_full)
        pairs.mark_change();
}

void Timeline::name_writer(SettingChange &change, std::int64_t now_ns) {
    const auto found = writers_.find({change.what, change.to});

    if (found == writers_.end())
        return;
    if (is_together(found->second.time_ns, now_ns))
        change.who = std::move(found->second.who);
    writers_.erase(found);
}

void Timeline::learn_writer(const Change &change) {
    constexpr std::size_t writers_max = 64;
    const What what(what_of(change), value_of(change));

    if (change.outcome != ChangeOutcome::changed || !change.who || change.kind == ChangeKind::bridge_created)
        return;
    for (auto i = changes_.size(); i-- > 0 && is_together(seen_ns_[i], change.realtime_ns);) {
        if (changes_[i].who || What(changes_[i].what, changes_[i].to) != what)
            continue;
        // A write is told of before it is done, the others when they are.
        if (change.kind == ChangeKind::sysctl && change.realtime_ns > seen_ns_[i])
            break;
        changes_[i].who = change.who;
        return;
    }
    if (writers_.size() >= writers_max)
        writers_.clear(); // of changes that were reversed before anybody looked
    writers_.insert_or_assign(what, Writer{change.realtime_ns, *change.who});
}

bool Timeline::awaits_change(std::int64_t now_ns) const {
    constexpr std::int64_t soon_ns = 20'000'000; // a write is told of before it is done

    return std::ranges::any_of(
        writers_, [&](const auto &writer) { return std::abs(now_ns - writer.second.time_ns) < soon_ns; });
}

std::vector<SettingChange> Timeline::changes(const PairTable &pairs) const {
    auto all = changes_;

    if (open_ < all.size()) {
        const auto moved = pairs.moved();
        for (auto i = open_; i < all.size(); i++)
            all[i].moved = moved;
    }
    return all;
}

} // namespace brpath
