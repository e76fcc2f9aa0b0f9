// SPDX-License-Identifier: BSD-2-Clause
// How the handling of each pair's frames moved at a change of the setting.
#include "model/pairs.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace brpath {

namespace {

std::int64_t total(const ByHandling &frames) {
    return std::accumulate(frames.begin(), frames.end(), std::int64_t{0});
}

// What is taken back, because a frame became something else, may be of before: nothing is below zero.
ByHandling difference(const ByHandling &now, const ByHandling &then) {
    ByHandling frames{};

    for (std::size_t i = 0; i < BRPATH_HANDLINGS; i++)
        frames.at(i) = std::max<std::int64_t>(now.at(i) - then.at(i), 0);
    return frames;
}

// Of the frames since, those that would have been handled otherwise before. 0 if one side has none.
double moved_frames(const AroundChange &direction) {
    const auto before = static_cast<double>(total(direction.before));
    const auto since = static_cast<double>(total(direction.since));
    double moved = 0;

    if (before == 0 || since == 0)
        return 0;
    for (std::size_t i = 0; i < BRPATH_HANDLINGS; i++)
        moved += std::max(0.0, static_cast<double>(direction.since.at(i)) -
                                   static_cast<double>(direction.before.at(i)) / before * since);
    return moved;
}

} // namespace

bool has_moved(const AroundChange &direction) {
    const auto before = total(direction.before), since = total(direction.since);

    if (before == 0 || since == 0)
        return false;
    for (std::size_t i = 0; i < BRPATH_HANDLINGS; i++)
        if ((direction.before.at(i) == 0) != (direction.since.at(i) == 0))
            return true;
    return 2 * moved_frames(direction) > static_cast<double>(since);
}

void PairTable::mark_change() {
    changes_++;
    for (auto &[id, entry] : pairs_) {
        if (entry.used <= marked_uses_)
            continue;
        if (!entry.mark)
            entry.mark = std::make_unique<Mark>();
        Mark &mark = *entry.mark;
        const std::array<ByHandling, 2> now = {entry.pair.to_server.by_handling,
                                               entry.pair.to_client.by_handling};
        for (std::size_t i = 0; i < now.size(); i++)
            mark.before.at(i) = difference(now.at(i), mark.at.at(i));
        mark.at = now;
        mark.change = changes_;
    }
    marked_uses_ = uses_;
}

// Without names. nullopt: it was not moved.
std::optional<MovedPair> PairTable::move_of(const Entry &entry) {
    const Mark &mark = *entry.mark;
    const Pair &pair = entry.pair;
    MovedPair moved;

    moved.to_server = {mark.before[0], difference(pair.to_server.by_handling, mark.at[0])};
    moved.to_client = {mark.before[1], difference(pair.to_client.by_handling, mark.at[1])};
    if (!has_moved(moved.to_server) && !has_moved(moved.to_client))
        return std::nullopt;
    moved.client = pair.client;
    moved.server = pair.server;
    moved.service = pair.service;
    moved.protocol = pair.protocol;
    moved.vlan = pair.vlan;
    return moved;
}

MovedPairs PairTable::moved() const {
    using Rank = std::tuple<bool, bool, double>;
    std::vector<std::pair<Rank, MovedPair>> telling;
    MovedPairs result;
    const auto is_more_telling = [](const auto &a, const auto &b) { return a.first > b.first; };

    for (const auto &[id, entry] : pairs_) {
        if (!entry.mark || entry.mark->change != changes_ || entry.used <= marked_uses_)
            continue;
        auto moved = move_of(entry);
        if (!moved)
            continue;
        result.count++;
        const Rank rank(entry.pair.is_answered_untranslated(), moved->service.has_value(),
                        moved_frames(moved->to_server) + moved_frames(moved->to_client));
        if (telling.size() == moved_pairs_max && rank <= telling.back().first)
            continue;
        moved->client.name = id.client_name;
        moved->server.name = id.server_name;
        telling.emplace_back(rank, std::move(*moved));
        std::ranges::stable_sort(telling, is_more_telling);
        if (telling.size() > moved_pairs_max)
            telling.pop_back();
    }
    for (auto &[rank, moved] : telling)
        result.telling.push_back(std::move(moved));
    return result;
}

} // namespace brpath
