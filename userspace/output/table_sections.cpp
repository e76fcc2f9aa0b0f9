// SPDX-License-Identifier: BSD-2-Clause
#include "output/table_sections.hpp"

#include "output/number.hpp"
#include "output/text_width.hpp"
#include "output/text_wrap.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>
#include <vector>

namespace brpath {

namespace {

constexpr std::size_t label_width = 11;

// Families that have the same values are said together.
struct FamilyGroup {
    std::string names;
    FamilySetting setting;
};

bool same(const FamilySetting &a, const FamilySetting &b) {
    return a.sysctl == b.sysctl && a.bridge == b.bridge && a.effective == b.effective;
}

std::vector<FamilyGroup> grouped_families(const BridgeSummary &bridge) {
    std::vector<FamilyGroup> groups;

    for (const auto &[name, setting] : {std::pair<const char *, const FamilySetting &>{"IPv4", bridge.ipv4},
                                        {"IPv6", bridge.ipv6},
                                        {"ARP", bridge.arp}}) {
        if (!groups.empty() && same(groups.back().setting, setting))
            groups.back().names += fmt::format(", {}", name);
        else
            groups.push_back({name, setting});
    }
    return groups;
}

std::string value_text(const std::optional<int> &value) {
    return value ? fmt::format("{}", *value) : "absent";
}

std::string setting_text(const FamilySetting &setting) {
    const char *word = !setting.effective ? "unknown" : *setting.effective ? "on" : "off";

    if (!setting.effective && !setting.sysctl && !setting.bridge)
        return "not available on this kernel";
    return fmt::format("{} (sysctl {}, bridge {})", word, value_text(setting.sysctl),
                       value_text(setting.bridge));
}

std::string bridge_text(const BridgeSummary &bridge, bool module_present) {
    std::string text = fmt::format("bridge {} ({})", clean(bridge.name), counted(bridge.ports, "port"));
    std::vector<std::string> families;

    if (!module_present)
        return text;
    for (const auto &group : grouped_families(bridge))
        families.push_back(fmt::format("{} {}", group.names, setting_text(group.setting)));
    return fmt::format("{}: {}", text, fmt::join(families, "; "));
}

std::int64_t destinations(const FrameTotals &frames) {
    std::int64_t sum = frames.in_flight;

    for (std::size_t path = 0; path < BRPATH_PATHS; path++)
        sum += path == BRPATH_EGRESS ? 0 : frames.by_path.at(path);
    return sum;
}

// There are endpoints, and no more than the node itself has a name.
bool lacks_names(const Summary &summary) {
    const auto is_unnamed = [&](const std::string &name) {
        return name.empty() || name == summary.node.hostname;
    };
    bool has_endpoints = false;

    for (const auto &pair : summary.pairs) {
        has_endpoints = has_endpoints || pair.is_ip;
        if (!is_unnamed(pair.client.name) || !is_unnamed(pair.server.name) ||
            (pair.service && !is_unnamed(pair.service->name)))
            return false;
    }
    return has_endpoints;
}

} // namespace

std::string labelled(const std::string &label, const std::string &text, const TableStyle &style, bool alarm) {
    const Paragraph layout{.label = label,
                           .indent = label.empty() ? 0 : label_width,
                           .label_ink = alarm ? Ink::alarm : Ink::dim,
                           .ink = alarm ? Ink::alarm : Ink::plain};

    return paragraph(layout, text, static_cast<std::size_t>(style.columns), style.colour);
}

std::string time_text(double seconds) {
    const auto whole = static_cast<std::int64_t>(seconds);

    if (whole < 120)
        return fmt::format("{:.1f} s", seconds);
    if (whole < 7200)
        return fmt::format("{} min {:02} s", whole / 60, whole % 60);
    return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

std::string render_header(const Summary &summary, const TableStyle &style) {
    const auto &node = summary.node;
    const auto found = static_cast<std::int64_t>(summary.findings.size());
    std::vector<std::string> parts = {"brpath observe"};

    parts.push_back(fmt::format("node {} ({})", clean(node.hostname), clean(node.kernel)));
    if (!node.netns.empty())
        parts.push_back(fmt::format("netns {}", clean(node.netns)));
    parts.push_back(time_text(node.duration_s));
    if (!node.started.empty())
        parts.back() += fmt::format(" from {}", clean(node.started));
    parts.push_back(found == 0 ? "no findings" : counted(found, "finding"));
    if (summary.losses.any())
        parts.emplace_back("FIGURES INCOMPLETE (see LOSSES)");
    const Paragraph layout{.label = "", .indent = 0, .label_ink = Ink::plain, .ink = Ink::bold};
    return paragraph(layout, fmt::format("{}", fmt::join(parts, "   ")),
                     static_cast<std::size_t>(style.columns), style.colour);
}

std::string render_settings(const Summary &summary, const TableStyle &style) {
    std::vector<std::string> lines;
    std::string result;

    if (!summary.module_present)
        lines.emplace_back("br_netfilter is not loaded: no bridged frame meets netfilter");
    for (const auto &bridge : summary.bridges)
        lines.push_back(bridge_text(bridge, summary.module_present));
    if (summary.bridges.empty())
        lines.emplace_back("no bridge in this network namespace");
    const auto columns = static_cast<std::size_t>(style.columns);
    result = labelled("SETTING", lines.front(), style);
    for (std::size_t i = 1; i < lines.size(); i++)
        result += paragraph({.label = "", .indent = label_width}, lines[i], columns, style.colour);
    return result;
}

std::string render_frames(const Summary &summary, const TableStyle &style) {
    const auto &frames = summary.frames;
    std::string text = fmt::format("entered {}", grouped(frames.entered));
    // an account that does not balance must not look as if it did
    const bool balanced = frames.entered == destinations(frames);

    text += balanced ? " =" : " which is NOT";
    for (const auto path : {BRPATH_BRIDGED, BRPATH_ROUTED, BRPATH_UP, BRPATH_FLOODED, BRPATH_DROPPED})
        text += fmt::format(" {} {} +", to_string(path), grouped(frames.by_path.at(path)));
    text += fmt::format(" in flight {};  egress {}", grouped(frames.in_flight),
                        grouped(frames.by_path[BRPATH_EGRESS]));
    return labelled("FRAMES", text, style, !balanced);
}

// The symbols only: which hook each one serves stands in the JSON.
std::string render_hooks(const Summary &summary, const TableStyle &style) {
    std::vector<std::pair<std::string, std::vector<std::string>>> backends;
    std::vector<std::string> parts;

    for (const auto &hook : summary.hooks) {
        auto place = std::find_if(backends.begin(), backends.end(),
                                  [&](const auto &backend) { return backend.first == hook.backend; });
        if (place == backends.end())
            place = backends.insert(backends.end(), {hook.backend, {}});
        auto &symbols = place->second;
        if (std::find(symbols.begin(), symbols.end(), hook.symbol) == symbols.end())
            symbols.push_back(hook.symbol);
    }
    parts.reserve(backends.size());
    for (const auto &[backend, symbols] : backends)
        parts.push_back(fmt::format("{}: {}", backend, fmt::join(symbols, ", ")));
    return labelled("HOOKS", parts.empty() ? "none" : clean(fmt::format("{}", fmt::join(parts, "; "))),
                    style);
}

// A line only where there is something to do about it.
std::string render_names(const Summary &summary, const TableStyle &style) {
    std::vector<std::string> down;

    for (const auto &source : summary.name_sources)
        if (source.state == NameSourceState::State::down)
            down.push_back(fmt::format("{} is down: {}", clean(source.id), clean(source.why)));
    if (!down.empty())
        return labelled("NAMES", fmt::format("{}", fmt::join(down, "; ")), style, true);
    if (!lacks_names(summary))
        return {};
    return labelled(
        "NAMES",
        "nothing here knows who has these addresses; --names FILE gives them names, in the format of "
        "hosts(5): an address and its name on each line",
        style);
}

std::string render_losses(const Summary &summary, const TableStyle &style) {
    const auto &losses = summary.losses;
    std::vector<std::string> parts;

    if (losses.unattributed_frames != 0)
        parts.push_back(
            fmt::format("{} belong to no pair above", counted(losses.unattributed_frames, "frame")));
    if (losses.flow_table_full != 0)
        parts.push_back(
            fmt::format("the flow table was full for {}", counted(losses.flow_table_full, "frame")));
    if (losses.forgotten_pairs != 0)
        parts.push_back(
            fmt::format("{} forgotten to make room for others", counted(losses.forgotten_pairs, "pair")));
    if (losses.missed_probes.value_or(0) != 0)
        parts.push_back(fmt::format("the kernel skipped a hook {}", counted(*losses.missed_probes, "time")));
    if (losses.ring_full != 0)
        parts.push_back(fmt::format("the ring buffer was full {}, its counts were kept",
                                    counted(losses.ring_full, "time")));
    if (!losses.missed_probes)
        parts.emplace_back("this kernel does not say whether it skipped hooks");

    auto text = fmt::format("{}", fmt::join(parts, "; "));
    if (losses.any())
        return labelled("LOSSES", "THE FIGURES ARE INCOMPLETE: " + text, style, true);
    return labelled("LOSSES", text.empty() ? "none" : fmt::format("none ({})", text), style);
}

} // namespace brpath
