// SPDX-License-Identifier: BSD-2-Clause
#include "output/table_pairs.hpp"

#include "output/direction_text.hpp"
#include "output/number.hpp"
#include "output/table_sections.hpp"
#include "output/text_grid.hpp"
#include "output/text_width.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <set>

namespace brpath {

namespace {

constexpr std::size_t rows_max = 40;
constexpr std::size_t ethertypes_max = 8;
constexpr std::size_t name_width = 24; // a name this long is not cut for the sake of details

// How much a row says, and how wide. The first one that fits is taken.
struct Layout {
    bool paths;
    bool stacked; // one line for each handling
};

constexpr std::array<Layout, 4> layouts = {{{true, false}, {true, true}, {false, false}, {false, true}}};

using AddressesByName = std::map<std::string, std::set<std::string>>;

AddressesByName addresses_by_name(const std::vector<const Pair *> &pairs) {
    AddressesByName addresses;

    for (const auto *pair : pairs)
        for (const auto *endpoint : {&pair->client, &pair->server})
            addresses[endpoint->name].insert(endpoint->ip);
    return addresses;
}

// A name that two endpoints share (a pod's IPv4 and IPv6 address) tells nothing without the address.
std::vector<std::string> endpoint_lines(const Endpoint &endpoint, const AddressesByName &addresses) {
    if (endpoint.name.empty())
        return {endpoint.ip.empty() ? "-" : clean(endpoint.ip)};
    if (addresses.at(endpoint.name).size() > 1)
        return {clean(endpoint.name), clean(fmt::format("({})", endpoint.ip))};
    return {clean(endpoint.name)};
}

std::string protocol_text(const Pair &pair) {
    return clean(pair.vlan == 0 ? pair.protocol : fmt::format("{} vlan {}", pair.protocol, pair.vlan));
}

std::string evidence_text(const Pair &pair) {
    std::vector<std::string> parts;

    if (pair.untranslated_replies != 0)
        parts.push_back(grouped(pair.untranslated_replies) +
                        (pair.untranslated_replies == 1 ? " reply untranslated" : " replies untranslated"));
    if (pair.untranslated_errors != 0)
        parts.push_back(counted(pair.untranslated_errors, "ICMP error") + " untranslated");
    if (pair.client_resets != 0)
        parts.push_back(counted(pair.client_resets, "client reset"));
    if (pair.client_errors != 0)
        parts.push_back(counted(pair.client_errors, "ICMP error") + " of the client");
    if (pair.syn_retransmissions != 0)
        parts.push_back(counted(pair.syn_retransmissions, "SYN retransmission"));
    return fmt::format("{}", fmt::join(parts, ", "));
}

Cell direction_cell(const Counts &counts, const Layout &layout, bool alarm) {
    const auto parts = describe_direction(counts, {.paths = layout.paths, .alarm = alarm});
    const Ink ink = alarm && counts.by_handling[BRPATH_BYPASSED] != 0 ? Ink::alarm : Ink::plain;

    if (layout.stacked)
        return {parts, ink};
    return {{fmt::format("{}", fmt::join(parts, ", "))}, ink};
}

Row pair_row(const Pair &pair, const AddressesByName &addresses, const Layout &layout) {
    const bool broken = !pair.findings.empty();
    Row row;

    row.cells = {{endpoint_lines(pair.client, addresses), broken ? Ink::bold : Ink::plain},
                 {endpoint_lines(pair.server, addresses), broken ? Ink::bold : Ink::plain},
                 {{pair.service ? service_text(*pair.service) : "-"}, broken ? Ink::bold : Ink::plain},
                 {{protocol_text(pair)}, Ink::plain},
                 direction_cell(pair.to_server, layout, false),
                 direction_cell(pair.to_client, layout, broken)};
    if (broken) {
        const auto evidence = evidence_text(pair);
        row.note = clean(
            fmt::format("{}{}{}", fmt::join(pair.findings, ", "), evidence.empty() ? "" : ": ", evidence));
    }
    return row;
}

Grid pair_grid(const std::vector<const Pair *> &pairs, const Layout &layout) {
    const auto addresses = addresses_by_name(pairs);
    Grid grid;

    grid.columns = {{"CLIENT", true}, {"SERVER", true},     {"SERVICE", true},
                    {"PROTO", false}, {"TO SERVER", false}, {"TO CLIENT", false}};
    for (const auto *pair : pairs)
        grid.rows.push_back(pair_row(*pair, addresses, layout));
    return grid;
}

Grid best_grid(const std::vector<const Pair *> &pairs, std::size_t columns) {
    Grid grid;

    for (const auto &layout : layouts) {
        grid = pair_grid(pairs, layout);
        if (grid_width(grid, name_width) <= columns)
            break;
    }
    return grid;
}

std::string more_pairs(const std::vector<const Pair *> &pairs, const TableStyle &style) {
    std::int64_t frames = 0;

    for (std::size_t i = rows_max; i < pairs.size(); i++)
        frames += pairs[i]->to_server.frames + pairs[i]->to_client.frames;
    const auto more = static_cast<std::int64_t>(pairs.size() - rows_max);
    return labelled("",
                    fmt::format("and {} with {}: --format json lists all", counted(more, "more pair"),
                                counted(frames, "frame")),
                    style);
}

void add(Counts &sum, const Counts &counts) {
    sum.frames += counts.frames;
    for (std::size_t path = 0; path < BRPATH_PATHS; path++)
        sum.by_path.at(path) += counts.by_path.at(path);
    for (std::size_t handling = 0; handling < BRPATH_HANDLINGS; handling++)
        sum.by_handling.at(handling) += counts.by_handling.at(handling);
}

// "arp 4 bypassed", "arp 6: 4 bypassed, 2 up".
std::string not_ip_text(const std::string &protocol, const Counts &counts) {
    const auto parts = describe_not_ip(counts);

    if (parts.size() == 1)
        return fmt::format("{} {}", protocol, parts.front());
    return fmt::format("{} {}: {}", protocol, grouped(counts.frames), fmt::join(parts, ", "));
}

std::string render_not_ip(const Summary &summary, const TableStyle &style) {
    std::map<std::string, Counts> by_protocol;
    std::vector<std::string> parts;

    for (const auto &pair : summary.pairs) {
        if (pair.is_ip)
            continue;
        add(by_protocol[protocol_text(pair)], pair.to_server);
        add(by_protocol[protocol_text(pair)], pair.to_client);
    }
    for (const auto &[protocol, counts] : by_protocol)
        if (parts.size() < ethertypes_max)
            parts.push_back(not_ip_text(protocol, counts));
    if (by_protocol.size() > parts.size())
        parts.push_back(fmt::format("and {} more EtherTypes", by_protocol.size() - parts.size()));
    return parts.empty() ? "" : labelled("NOT IP", fmt::format("{}", fmt::join(parts, "; ")), style);
}

std::string bridge_names(const Summary &summary) {
    std::vector<std::string> names;

    for (const auto &bridge : summary.bridges)
        names.push_back(clean(bridge.name));
    return fmt::format("{} {}", names.size() == 1 ? "bridge" : "bridges", fmt::join(names, ", "));
}

// An empty table is a question, too: why?
std::string no_pairs(const Summary &summary, const TableStyle &style) {
    const auto frames = summary.frames.entered + summary.frames.by_path[BRPATH_EGRESS];
    const char *places =
        "`ip netns` and `lsns -t net` list network namespaces (--netns looks into another one), "
        "`bridge link` lists a bridge's ports";

    if (frames > 0)
        return labelled("",
                        fmt::format("no pairs: {} seen, none attributed yet or any more (LOSSES tells why)",
                                    counted(frames, "frame")),
                        style);
    if (summary.bridges.empty())
        return labelled("",
                        fmt::format("no frames seen: there is no bridge here. Check that this is the right "
                                    "network namespace: {}.",
                                    places),
                        style);
    return labelled(
        "",
        fmt::format("no frames seen at {} in {}. Check that there is traffic, and that it crosses a "
                    "bridge of this network namespace: {}.",
                    bridge_names(summary), time_text(summary.node.duration_s), places),
        style);
}

} // namespace

std::string service_text(const Service &service) {
    std::string text = service.name.empty() ? "" : service.name + ' ';
    const bool bracketed = service.port != 0 && service.ip.find(':') != std::string::npos;

    text += bracketed ? '[' + service.ip + ']' : service.ip;
    if (service.port != 0)
        text += fmt::format(":{}", service.port);
    return clean(text);
}

std::string render_pairs(const Summary &summary, const TableStyle &style) {
    const auto columns = static_cast<std::size_t>(style.columns);
    std::vector<const Pair *> pairs;

    for (const auto &pair : summary.pairs)
        if (pair.is_ip)
            pairs.push_back(&pair);
    if (summary.pairs.empty())
        return no_pairs(summary, style);
    std::string result;
    if (pairs.empty()) {
        result = labelled("", "no IP frames seen", style);
    } else {
        const auto shown = std::min(pairs.size(), rows_max);
        result = render_grid(best_grid({pairs.begin(), pairs.begin() + static_cast<long>(shown)}, columns),
                             columns, style.colour);
    }
    if (pairs.size() > rows_max)
        result += more_pairs(pairs, style);
    const auto not_ip = render_not_ip(summary, style);
    return not_ip.empty() ? result : result + '\n' + not_ip;
}

} // namespace brpath
