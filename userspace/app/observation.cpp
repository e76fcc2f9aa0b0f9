// SPDX-License-Identifier: BSD-2-Clause
#include "app/observation.hpp"

#include "model/findings.hpp"
#include "util/time.hpp"

#include <algorithm>
#include <utility>

namespace brpath {

namespace {

NameSourceState::State state_of(SourceReport::State state) {
    switch (state) {
    case SourceReport::State::up:
        return NameSourceState::State::up;
    case SourceReport::State::down:
        return NameSourceState::State::down;
    case SourceReport::State::absent:
        break;
    }
    return NameSourceState::State::absent;
}

std::vector<NameSourceState> describe_sources(const Names &names) {
    std::vector<NameSourceState> states;

    for (const auto &[id, report] : names.sources())
        states.push_back({id, state_of(report.state),
                          static_cast<std::int64_t>(report.names->endpoints.size()),
                          static_cast<std::int64_t>(report.names->services.size()), report.why});
    return states;
}

} // namespace

Observation::Observation(const SystemView &view, Names &names, std::string only_bridge, std::size_t max_pairs)
    : view_(&view), names_(&names), only_bridge_(std::move(only_bridge)), log_(view, only_bridge_),
      pairs_(max_pairs) {
    pairs_.set_namer([this](const Address &address, std::uint32_t port) { return who(address, port); });
}

void Observation::add(const Harvest &harvest) {
    follow_names();
    for (const auto &translation : harvest.translations)
        pairs_.learn_translation(translation.key, translation.flow);
    const auto untranslated = std::find_if(harvest.flows.begin(), harvest.flows.end(),
                                           [](const auto &counts) { return counts.key.translation == 0; });
    const auto add_all = [this](auto from, auto to) {
        for (auto counts = from; counts != to; ++counts)
            pairs_.add(counts->key, counts->flow);
    };

    pairs_.set_time(monotonic_ns());
    add_all(harvest.flows.begin(), untranslated);
    // The last frame of a CPU is added when the next one comes, which may be long after its answer was.
    for (const auto &counts : harvest.last_frames)
        pairs_.learn_beginning(counts.key, counts.flow);
    add_all(untranslated, harvest.flows.end());
    totals_.entered += harvest.totals.entered;
    totals_.flow_table_full += harvest.totals.flow_table_full;
    totals_.ring_full += harvest.totals.ring_full;
    for (int path = 0; path < BRPATH_PATHS; path++)
        for (int handling = 0; handling < BRPATH_HANDLINGS; handling++)
            totals_.unattributed[path][handling] += harvest.totals.unattributed[path][handling];
    if (log_.is_behind(*view_))
        note_changes(harvest.last_frames);
}

void Observation::note_changes(const std::vector<FlowCounts> &last_frames) {
    add_last(last_frames, 1);
    const auto now_ns = realtime_ns();
    timeline_.add(log_.catch_up(*view_, now_ns), now_ns, pairs_);
    add_last(last_frames, -1);
}

void Observation::add_for_good(const std::vector<FlowCounts> &last_frames) { add_last(last_frames, 1); }

void Observation::add_last(const std::vector<FlowCounts> &last_frames, int sign) {
    for (const auto &counts : last_frames)
        pairs_.add_last(counts.key, counts.flow, sign);
}

// Asked for both endpoints of every flow, and mostly the same.
TrustedName Observation::who(const Address &address, std::uint32_t port) {
    constexpr std::size_t known_max = 65536;
    const auto [place, is_new] = known_.try_emplace({address, port});

    if (!is_new)
        return place->second;
    place->second = names_->endpoint(to_string(address), port);
    auto answer = place->second;
    if (known_.size() > known_max)
        known_.clear();
    return answer;
}

void Observation::follow_names() {
    if (names_version_ == names_->version())
        return;
    names_version_ = names_->version();
    known_.clear();
    pairs_.name_again();
}

// What has an IP address has been named flow by flow.
void Observation::name(Endpoint &endpoint) {
    if (const PortName *port = endpoint.port_ifindex ? names_->port(endpoint.port_ifindex) : nullptr)
        endpoint.port_device = port->device;
    if (endpoint.ip.empty())
        endpoint.name = names_->endpoint("", endpoint.port_ifindex).name;
}

template <typename SomePair> void Observation::name_all(std::vector<SomePair> &pairs) {
    for (auto &pair : pairs) {
        name(pair.client);
        name(pair.server);
        if (auto &service = pair.service)
            service->name = names_->service(service->ip, service->port, service->protocol);
    }
}

void Observation::fill_totals(Summary &summary) const {
    auto &frames = summary.frames;

    frames.by_path = pairs_.by_path();
    frames.by_handling = pairs_.by_handling();
    for (std::size_t path = 0; path < BRPATH_PATHS; path++)
        for (const auto unattributed : totals_.unattributed[path]) {
            frames.by_path.at(path) += static_cast<std::int64_t>(unattributed);
            summary.losses.unattributed_frames += static_cast<std::int64_t>(unattributed);
        }
    summary.losses.unattributed_frames += pairs_.forgotten().frames;
    summary.losses.forgotten_pairs = pairs_.forgotten().pairs;
    frames.entered = static_cast<std::int64_t>(totals_.entered);
    frames.in_flight = frames.entered;
    for (const auto path : {BRPATH_BRIDGED, BRPATH_ROUTED, BRPATH_UP, BRPATH_FLOODED, BRPATH_DROPPED})
        frames.in_flight -= frames.by_path.at(path);
    summary.losses.ring_full = static_cast<std::int64_t>(totals_.ring_full);
    summary.losses.unlisted_changes = timeline_.unlisted();
    summary.losses.flow_table_full = static_cast<std::int64_t>(totals_.flow_table_full);
}

Summary Observation::summarise(Summary head, const std::vector<FlowCounts> &last_frames) {
    Summary summary = std::move(head);

    follow_names();
    add_last(last_frames, 1);
    fill_totals(summary);
    summary.pairs = pairs_.pairs();
    summary.changes = timeline_.changes(pairs_);
    add_last(last_frames, -1);

    summary.module_present = view_->module_present();
    summary.bridges = view_->summarise(only_bridge_);
    summary.realtime_offset_ns = realtime_ns() - static_cast<std::int64_t>(monotonic_ns());
    name_all(summary.pairs);
    for (auto &change : summary.changes)
        name_all(change.moved.telling);
    summary.name_sources = describe_sources(*names_);
    evidence_.complete(summary, *view_, *names_);
    find_all(summary);
    return summary;
}

} // namespace brpath
