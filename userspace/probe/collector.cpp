// SPDX-License-Identifier: BSD-2-Clause
#include "probe/collector.hpp"

#include "probe/table_drain.hpp"

#include <algorithm>
#include <bpf/libbpf.h>
#include <brpath/classify.h>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <tuple>
#include <utility>

namespace brpath {

namespace {

void add_totals(brpath_totals &sum, const brpath_totals &now, const brpath_totals &before) {
    sum.entered += now.entered - before.entered;
    sum.flow_table_full += now.flow_table_full - before.flow_table_full;
    sum.ring_full += now.ring_full - before.ring_full;
    for (int path = 0; path < BRPATH_PATHS; path++)
        for (int handling = 0; handling < BRPATH_HANDLINGS; handling++)
            sum.unattributed[path][handling] +=
                now.unattributed[path][handling] - before.unattributed[path][handling];
}

FlowCounts count_frame(brpath_frame frame) {
    constexpr std::uint8_t syn = 0x02;
    constexpr std::uint8_t rst = 0x04;
    constexpr std::uint8_t ack = 0x10;
    FlowCounts counts{};

    brpath_close_frame(&frame);
    counts.key = frame.key;
    counts.flow.frames = 1;
    counts.flow.bytes = frame.bytes;
    counts.flow.out = frame.key.translation ? frame.out : frame.key.in;
    counts.flow.tcp_flags = frame.tcp_flags;
    counts.flow.tcp_syn = (frame.tcp_flags & (syn | ack)) == syn;
    counts.flow.tcp_rst = (frame.tcp_flags & rst) != 0;
    counts.flow.icmp_type = frame.icmp_type;
    counts.flow.direction = frame.direction;
    return counts;
}

void append(Harvest &to, Harvest &&from) {
    const brpath_totals none{};

    std::move(from.translations.begin(), from.translations.end(), std::back_inserter(to.translations));
    std::move(from.flows.begin(), from.flows.end(), std::back_inserter(to.flows));
    add_totals(to.totals, from.totals, none);
    to.last_frames = std::move(from.last_frames);
}

} // namespace

int Collector::receive(void *inbox, void *data, std::size_t size) {
    brpath_record record;

    if (size != sizeof(record))
        return 0; // not ours: the size is one constant in abi.h
    std::memcpy(&record, data, sizeof(record));
    static_cast<Inbox *>(inbox)->records.push_back(record);
    return 0;
}

Collector::Collector(AttachedSession &session, MappedArray<brpath_cpu> &&cpus,
                     MappedArray<brpath_recent_flows> &&recent)
    : session_(&session), maps_(session.maps()), cpus_(std::move(cpus)), recent_(std::move(recent)),
      inbox_(std::make_unique<Inbox>()) {
    session_->set_generation(generation_);
    totals_seen_[0].resize(cpus_.size());
    totals_seen_[1].resize(cpus_.size());
}

Result<Collector> Collector::make(AttachedSession &session) {
    const int count = libbpf_num_possible_cpus();
    if (count < 0)
        return fail_errno("count the CPUs", count);
    const auto possible = static_cast<std::size_t>(count);
    auto cpus = MappedArray<brpath_cpu>::make(session.maps().cpus, possible);
    if (!cpus)
        return Failure(cpus.error());
    auto recent = MappedArray<brpath_recent_flows>::make(session.maps().recent_flows, possible * 2);
    if (!recent)
        return Failure(recent.error());
    Collector collector(session, std::move(*cpus), std::move(*recent));
    collector.ring_.reset(
        ring_buffer__new(collector.maps_.records, receive, collector.inbox_.get(), nullptr));
    if (!collector.ring_)
        return fail_errno("map the ring buffer", errno);
    return collector;
}

Result<void> Collector::consume_ring() {
    const int consumed = ring_buffer__consume(ring_.get());

    if (consumed < 0 && consumed != -EINTR)
        return fail_errno("read the ring buffer", consumed);
    return {};
}

Result<void> Collector::end_generation() {
    session_->set_generation(generation_ + 1);
    return grace_period_.wait(); // then no program can be using the table of before
}

Result<void> Collector::take_table(std::vector<FlowCounts> &flows) const {
    std::vector<brpath_drained> entries;

    if (auto done = drain_table(maps_.drains[generation_ & 1], entries); !done)
        return done;
    flows.reserve(flows.size() + entries.size());
    for (const auto &entry : entries)
        flows.push_back({entry.key, entry.flow});
    return {};
}

// Nobody writes to this parity's places before the generation after the next one.
void Collector::take_recent(std::vector<FlowCounts> &flows) const {
    for (std::size_t cpu = 0; cpu < cpus_.size(); cpu++)
        for (const auto &place : recent_[cpu * 2 + (generation_ & 1)].places)
            if (place.generation == generation_ && place.flow.frames > 0)
                flows.push_back({place.key, place.flow});
}

void Collector::take_records(Harvest &harvest) {
    std::vector<brpath_record> early;

    for (const auto &record : inbox_->records) {
        if (record.generation != generation_) {
            early.push_back(record);
            continue;
        }
        auto &list = record.kind == BRPATH_RECORD_TRANSLATION ? harvest.translations : harvest.flows;
        list.push_back({record.key, record.flow});
    }
    inbox_->records = std::move(early);
}

void Collector::take_totals(Harvest &harvest, const std::vector<brpath_cpu> &cpus) {
    const std::uint32_t parity = generation_ & 1;
    auto &seen = totals_seen_[parity];

    for (std::size_t cpu = 0; cpu < cpus.size(); cpu++) {
        add_totals(harvest.totals, cpus[cpu].totals[parity], seen[cpu]);
        seen[cpu] = cpus[cpu].totals[parity];
    }
}

void Collector::take_last_frames(Harvest &harvest, const std::vector<brpath_cpu> &before,
                                 const std::vector<brpath_cpu> &after) const {
    for (std::size_t cpu = 0; cpu < after.size(); cpu++) {
        const auto &frame = after[cpu].frame;
        const bool is_still = std::memcmp(&before[cpu].frame, &frame, sizeof(frame)) == 0;
        // one that entered since belongs to the next harvest
        const bool is_ours = static_cast<std::int32_t>(frame.generation - generation_) <= 0;
        if (frame.open && is_still && is_ours)
            harvest.last_frames.push_back(count_frame(frame));
    }
}

void Collector::sort_flows(Harvest &harvest) {
    const auto rank = [](const FlowCounts &counts) {
        const bool has_ports = counts.key.in.sport || counts.key.in.dport; // a later fragment has none
        // A frame is counted when the next one enters on its CPU: a reply on a busier one may come before its
        // request.
        const bool begins = counts.flow.tcp_syn > 0;
        return std::tuple(counts.key.translation == 0, !has_ports, !begins, counts.flow.first_ns);
    };

    std::stable_sort(harvest.flows.begin(), harvest.flows.end(),
                     [&](const auto &a, const auto &b) { return rank(a) < rank(b); });
}

Result<Harvest> Collector::harvest() {
    Harvest harvest;
    const auto before = cpus_.copy();

    if (auto done = end_generation(); !done)
        return Failure(done.error());
    if (auto done = consume_ring(); !done)
        return Failure(done.error());
    take_records(harvest); // before the table: what was reported first was seen first
    if (auto done = take_table(harvest.flows); !done)
        return Failure(done.error());
    take_recent(harvest.flows);
    const auto after = cpus_.copy();
    take_totals(harvest, after);
    take_last_frames(harvest, before, after);
    sort_flows(harvest);
    generation_++;
    return harvest;
}

Result<Harvest> Collector::finish() {
    session_->disable();
    auto last = harvest();
    if (!last)
        return last;
    // A program that was under way may have read the new generation: it has ended by now, and this is its
    // count.
    auto rest = harvest();
    if (!rest)
        return rest;
    append(*last, std::move(*rest));
    return last;
}

} // namespace brpath
