// SPDX-License-Identifier: BSD-2-Clause
#include "output/render.hpp"
#include "util/printable.hpp"

#include <nlohmann/json.hpp>

namespace brpath {

namespace {

using Json = nlohmann::ordered_json; // keys stand as docs/summary-json.md has them

Json text_or_null(const std::string &text) { return text.empty() ? Json() : Json(printable(text)); }

template <typename Value> Json value_or_null(const std::optional<Value> &value) {
    return value ? Json(*value) : Json();
}

Json node_json(const Node &node) {
    return {{"hostname", text_or_null(node.hostname)},
            {"kernel", text_or_null(node.kernel)},
            {"netns", text_or_null(node.netns)},
            {"started", text_or_null(node.started)},
            {"duration_s", node.duration_s}};
}

Json hooks_json(const std::vector<AttachedHook> &hooks) {
    Json list = Json::array();

    for (const auto &hook : hooks)
        list.push_back({{"hook", printable(hook.hook)},
                        {"symbol", printable(hook.symbol)},
                        {"backend", printable(hook.backend)}});
    return list;
}

Json setting_json(const FamilySetting &setting) {
    return {{"sysctl", value_or_null(setting.sysctl)},
            {"bridge", value_or_null(setting.bridge)},
            {"effective", value_or_null(setting.effective)}};
}

Json bridges_json(const std::vector<BridgeSummary> &bridges) {
    Json list = Json::array();

    for (const auto &bridge : bridges) {
        Json settings = {{"ipv4", setting_json(bridge.ipv4)},
                         {"ipv6", setting_json(bridge.ipv6)},
                         {"arp", setting_json(bridge.arp)}};
        list.push_back(
            {{"name", printable(bridge.name)}, {"ports", bridge.ports}, {"settings", std::move(settings)}});
    }
    return list;
}

Json frames_json(const FrameTotals &frames) {
    Json object = {{"entered", frames.entered}};

    for (const auto path : {BRPATH_BRIDGED, BRPATH_ROUTED, BRPATH_UP, BRPATH_FLOODED, BRPATH_DROPPED})
        object[to_string(path)] = frames.by_path.at(path);
    object["in_flight"] = frames.in_flight;
    object[to_string(BRPATH_EGRESS)] = frames.by_path[BRPATH_EGRESS];
    return object;
}

Json counts_json(const Counts &counts) {
    Json object = {{"frames", counts.frames}, {"bytes", counts.bytes}};
    Json paths = Json::object();
    Json reasons = Json::object();

    for (std::size_t i = 0; i < BRPATH_HANDLINGS; i++)
        object[to_string(static_cast<brpath_handling>(i))] = counts.by_handling.at(i);
    for (std::size_t i = 0; i < BRPATH_PATHS; i++)
        if (counts.by_path.at(i) != 0)
            paths[to_string(static_cast<brpath_path>(i))] = counts.by_path.at(i);
    object["paths"] = std::move(paths);
    if (counts.by_handling[BRPATH_BYPASSED] <= 0)
        return object;
    for (std::size_t i = 0; i < BRPATH_REASONS; i++)
        if (counts.by_reason.at(i) != 0)
            reasons[to_string(static_cast<brpath_reason>(i))] = counts.by_reason.at(i);
    object["bypass_reasons"] = std::move(reasons);
    return object;
}

Json endpoint_json(const Endpoint &endpoint) {
    return {{"name", text_or_null(endpoint.name)},
            {"ip", text_or_null(endpoint.ip)},
            {"port_device", text_or_null(endpoint.port_device)}};
}

Json service_json(const std::optional<Service> &service) {
    if (!service)
        return nullptr;
    return {
        {"name", text_or_null(service->name)}, {"ip", text_or_null(service->ip)}, {"port", service->port}};
}

Json text_list(const std::vector<std::string> &texts) {
    Json list = Json::array();

    for (const auto &text : texts)
        list.push_back(printable(text));
    return list;
}

Json pair_json(const Pair &pair) {
    Json object = {{"client", endpoint_json(pair.client)},
                   {"server", endpoint_json(pair.server)},
                   {"service", service_json(pair.service)},
                   {"protocol", printable(pair.protocol)}};

    if (pair.vlan != 0)
        object["vlan"] = pair.vlan;
    object["to_server"] = counts_json(pair.to_server);
    object["to_client"] = counts_json(pair.to_client);
    object["findings"] = text_list(pair.findings);
    return object;
}

Json finding_json(const Finding &finding) {
    Json evidence = Json::object();

    for (const auto &[key, value] : finding.evidence) {
        if (const auto *number = std::get_if<std::int64_t>(&value))
            evidence[printable(key)] = *number;
        else
            evidence[printable(key)] = printable(std::get<std::string>(value));
    }
    return {{"id", printable(finding.id)},
            {"severity", to_string(finding.severity)},
            {"summary", printable(finding.summary)},
            {"evidence", std::move(evidence)},
            {"fix", text_list(finding.fix)}};
}

Json losses_json(const Losses &losses) {
    return {{"ring_full", losses.ring_full},
            {"flow_table_full", losses.flow_table_full},
            {"unattributed_frames", losses.unattributed_frames},
            {"missed_probes", value_or_null(losses.missed_probes)},
            {"forgotten_pairs", losses.forgotten_pairs}};
}

Json summary_json(const Summary &summary) {
    Json pairs = Json::array();
    Json findings = Json::array();

    for (const auto &pair : summary.pairs)
        pairs.push_back(pair_json(pair));
    for (const auto &finding : summary.findings)
        findings.push_back(finding_json(finding));
    return {{"schema", "brpath.summary/1"},
            {"node", node_json(summary.node)},
            {"hooks", hooks_json(summary.hooks)},
            {"module", {{"br_netfilter", summary.module_present}}},
            {"bridges", bridges_json(summary.bridges)},
            {"frames", frames_json(summary.frames)},
            {"pairs", std::move(pairs)},
            {"findings", std::move(findings)},
            {"losses", losses_json(summary.losses)}};
}

// printable() leaves valid UTF-8 only; should a text slip by it, it must not become an exception.
std::string dump(const Json &json, int indent) {
    return json.dump(indent, ' ', false, Json::error_handler_t::replace) + '\n';
}

} // namespace

std::string render_json(const Summary &summary) { return dump(summary_json(summary), 2); }

std::string render_ndjson(const Summary &summary) { return dump(summary_json(summary), -1); }

} // namespace brpath
