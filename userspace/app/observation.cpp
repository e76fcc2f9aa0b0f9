// SPDX-License-Identifier: BSD-2-Clause
#include "app/observation.hpp"

#include "model/findings.hpp"
#include "util/time.hpp"

#include <algorithm>
#include <utility>

namespace brpath {

Observation::Observation(const SystemView &view, Names &names, std::string only_bridge, std::size_t max_pairs)
    : view_(&view), names_(&names), only_bridge_(std::move(only_bridge)), log_(view, only_bridge_),
      pairs_(max_pairs) {}

void Observation::add(const Harvest &harvest) {
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
    if (is_setting_new())
        note_changes(harvest.last_frames);
}

void Observation::note_changes(const std::vector<FlowCounts> &last_frames) {
    add_last(last_frames, 1);
    log_.catch_up(*view_, pairs_.by_handling());
    add_last(last_frames, -1);
}

void Observation::add_for_good(const std::vector<FlowCounts> &last_frames) { add_last(last_frames, 1); }

void Observation::add_last(const std::vector<FlowCounts> &last_frames, int sign) {
    for (const auto &counts : last_frames)
        pairs_.add_last(counts.key, counts.flow, sign);
}

void Observation::name(Endpoint &endpoint) const {
    const PortName *port = endpoint.port_ifindex ? names_->port(endpoint.port_ifindex) : nullptr;

    if (port)
        endpoint.port_device = port->device;
    endpoint.name = names_->endpoint(endpoint.ip, endpoint.port_ifindex).name;
}

void Observation::name_all(std::vector<Pair> &pairs) const {
    for (auto &pair : pairs) {
        name(pair.client);
        name(pair.server);
        if (pair.service)
            pair.service->name =
                names_->service(pair.service->ip, pair.service->port, pair.service->protocol);
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
    summary.losses.flow_table_full = static_cast<std::int64_t>(totals_.flow_table_full);
}

Summary Observation::summarise(Summary head, const std::vector<FlowCounts> &last_frames) {
    Summary summary = std::move(head);

    add_last(last_frames, 1);
    fill_totals(summary);
    summary.pairs = pairs_.pairs();
    add_last(last_frames, -1);

    summary.module_present = view_->module_present();
    summary.bridges = view_->summarise(only_bridge_);
    summary.changes = log_.changes();
    summary.realtime_offset_ns = realtime_ns() - static_cast<std::int64_t>(monotonic_ns());
    name_all(summary.pairs);
    evidence_.complete(summary, *view_, *names_);
    find_all(summary);
    return summary;
}

} // namespace brpath
