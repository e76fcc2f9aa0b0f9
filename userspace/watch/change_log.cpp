// SPDX-License-Identifier: BSD-2-Clause
#include "watch/change_log.hpp"

#include "util/time.hpp"
#include "watch/sysctls.hpp"
#include "watch/who.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <utility>

namespace brpath {

namespace {

std::optional<int> value(int number) {
    return number == BRPATH_SYSCTL_INVALID ? std::nullopt : std::optional(number);
}

ChangeOutcome outcome(const brpath_change &record) {
    if (record.refused)
        return ChangeOutcome::refused;
    if (record.ignored)
        return ChangeOutcome::ignored;
    if (record.new_value == BRPATH_SYSCTL_INVALID)
        return ChangeOutcome::invalid;
    return record.new_value == record.old_value ? ChangeOutcome::same : ChangeOutcome::changed;
}

} // namespace

Result<ChangeLog> ChangeLog::start(WatchedNamespaces namespaces, const std::vector<Guard> &guards) {
    auto cgroups = CgroupRoot::open();

    if (!cgroups)
        return Failure(cgroups.error());
    auto session = WatchSession::start(*cgroups, guards);
    if (!session)
        return Failure(session.error());
    return ChangeLog(std::move(*cgroups), std::move(namespaces), std::move(*session));
}

std::vector<int> ChangeLog::descriptors() {
    std::vector<int> fds = {session_.fd()};

    for (const auto &watch : namespaces_.watches())
        fds.push_back(watch.fd());
    return fds;
}

Change ChangeLog::of_record(const brpath_change &record) const {
    const auto offset = realtime_ns() - static_cast<std::int64_t>(monotonic_ns());
    Change change;

    change.realtime_ns = static_cast<std::int64_t>(record.time_ns) + offset;
    change.netns = record.netns;
    change.netns_name = namespaces_.name_of(record.netns);
    if (record.kind == BRPATH_CHANGE_SYSCTL) {
        change.outcome = outcome(record);
        change.key = record.subject < watched_sysctls.size() ? watched_sysctls.at(record.subject) : "";
        change.from = value(record.old_value);
        change.to = value(record.new_value);
    } else {
        change.kind = record.kind == BRPATH_CHANGE_MODULE_LOADED ? ChangeKind::module_loaded
                                                                 : ChangeKind::module_unloaded;
        change.key = setting::module;
    }
    change.who = describe_who(record, cgroups_);
    return change;
}

Result<void> ChangeLog::take_records(std::vector<Change> &changes) {
    const auto only = namespaces_.only();

    return session_.consume([&](const brpath_change &record) {
        if (only && record.netns && record.netns != only)
            return;
        if (record.kind == BRPATH_CHANGE_BRIDGE)
            bridge_records_.push_back(record);
        else
            changes.push_back(of_record(record));
    });
}

// The program runs just before the kernel announces what it is about, and in the same order. Who is certain
// if all records that may belong to what was announced are of one process, or if there is one for each
// announcement; otherwise it is not said.
void ChangeLog::say_who(Change &change, const BridgeChange &from, const BridgeRound &round) const {
    std::vector<const brpath_change *> records;

    for (const auto &record : bridge_records_)
        if (record.netns == change.netns && record.subject == from.ifindex && record.time_ns < round.end_ns)
            records.push_back(&record);
    if (records.empty()) {
        change.note = session_.blind().empty() ? "the kernel did not say" : session_.blind();
        return;
    }
    const bool is_one = std::all_of(records.begin(), records.end(), [&](const brpath_change *record) {
        return record->chain[0].pid == records.front()->chain[0].pid;
    });
    if (!is_one && records.size() != round.announced.at(from.ifindex)) {
        change.note = "several processes changed this bridge at the same time";
        return;
    }
    change.who = describe_who(*records[is_one ? 0 : from.number], cgroups_);
}

void ChangeLog::add_bridges(std::uint32_t netns, const BridgeRound &round,
                            std::vector<Change> &changes) const {
    for (const auto &from : round.changes) {
        Change change = from.change;
        change.netns = netns;
        if (change.kind == ChangeKind::bridge_attribute)
            say_who(change, from, round);
        changes.push_back(std::move(change));
    }
}

// Each announcement of a change used up one record, the oldest. What is left may belong to one that comes
// right after this round, or changed something else of the bridge. A bridge that is down is announced when it
// goes up.
void ChangeLog::forget_records(Rounds &rounds) {
    constexpr std::uint64_t kept_ns = 100'000'000;
    constexpr std::ptrdiff_t kept_records = 1000;
    const auto now = monotonic_ns();
    std::vector<brpath_change> kept;

    for (std::size_t i = 0; i < bridge_records_.size(); i++) {
        const auto &record = bridge_records_[i];
        const auto round = std::find_if(rounds.begin(), rounds.end(),
                                        [&](const auto &each) { return each.first == record.netns; });
        const bool is_of_now = round != rounds.end() && record.time_ns < round->second.end_ns &&
                               round->second.announced.contains(record.subject);
        if (is_of_now && round->second.announced[record.subject] > 0) {
            round->second.announced[record.subject]--;
            continue;
        }
        // An announcement of the round that the record came in may be an earlier one.
        if (record.is_announced ? record.time_ns + kept_ns >= now : !is_of_now || i >= old_records_)
            kept.push_back(record);
    }
    if (std::ssize(kept) > kept_records)
        kept.erase(kept.begin(), kept.end() - kept_records);
    bridge_records_ = std::move(kept);
    old_records_ = bridge_records_.size();
}

void ChangeLog::add_losses(const Rounds &rounds, std::vector<Change> &changes) {
    Change lost;

    lost.kind = ChangeKind::lost;
    lost.realtime_ns = realtime_ns();
    for (const auto &[netns, round] : rounds) {
        if (round.is_whole)
            continue;
        lost.netns = netns;
        lost.netns_name = namespaces_.name_of(netns);
        lost.note =
            "changes of bridges came faster than they could be noted: some may be lost, the values are those "
            "of now";
        changes.push_back(lost);
    }
    const auto count = session_.lost();
    if (count == told_lost_)
        return;
    lost.netns = 0;
    lost.netns_name.clear();
    lost.lost = count - std::exchange(told_lost_, count);
    lost.note = "came faster than they could be noted, and are lost";
    changes.push_back(std::move(lost));
}

Result<std::vector<Change>> ChangeLog::take(Rescan rescan) {
    std::vector<Change> changes;
    Rounds rounds;

    for (auto &watch : namespaces_.watches()) {
        auto round = watch.read();
        if (round)
            rounds.emplace_back(watch.netns(), std::move(*round));
    }
    // After the announcements: a record is there before the announcement that it belongs to.
    if (auto done = take_records(changes); !done)
        return Failure(done.error());
    for (const auto &[netns, round] : rounds)
        add_bridges(netns, round, changes);
    forget_records(rounds);
    add_losses(rounds, changes);
    if (rescan == Rescan::yes)
        std::ranges::move(namespaces_.rescan(), std::back_inserter(changes));
    std::ranges::stable_sort(changes, std::less<>{}, &Change::realtime_ns);
    return changes;
}

} // namespace brpath
