// SPDX-License-Identifier: BSD-2-Clause
#include "output/audit_predictions.hpp"

#include "output/text_grid.hpp"
#include "output/text_width.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

namespace brpath {

namespace {

constexpr std::size_t bridges_shown_max = 3;

struct Group {
    Prediction prediction; // the first one
    std::vector<std::string> bridges;
    std::string families;
};

bool is_alike(const Prediction &a, const Prediction &b) {
    return a.tag == b.tag && a.handling == b.handling && a.reason == b.reason && a.service == b.service &&
           a.why == b.why;
}

std::vector<Group> grouped(const std::vector<Prediction> &predictions) {
    std::vector<Group> by_family, groups;

    for (const auto &one : predictions) {
        const auto found = std::find_if(by_family.begin(), by_family.end(), [&](const Group &group) {
            return group.prediction.ipv6 == one.ipv6 && is_alike(group.prediction, one);
        });
        if (found == by_family.end())
            by_family.push_back({one, {one.bridge}, one.ipv6 ? "IPv6" : "IPv4"});
        else
            found->bridges.push_back(one.bridge);
    }
    for (auto &group : by_family) {
        const auto found = std::find_if(groups.begin(), groups.end(), [&](const Group &other) {
            return other.bridges == group.bridges && is_alike(other.prediction, group.prediction);
        });
        if (found == groups.end())
            groups.push_back(std::move(group));
        else
            found->families += ", " + group.families;
    }
    return groups;
}

std::string bridges_of(const Group &group) {
    std::vector<std::string> names(group.bridges.begin(),
                                   group.bridges.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                               group.bridges.size(), bridges_shown_max)));
    auto text = fmt::format("{}", fmt::join(names, ", "));

    if (group.bridges.size() > names.size())
        text += fmt::format(" and {} more", group.bridges.size() - names.size());
    return clean(text);
}

std::string handling_of(const Prediction &prediction) {
    std::vector<std::string> words;

    for (const auto handling : prediction.handling)
        words.push_back(handling == BRPATH_BYPASSED
                            ? fmt::format("bypassed ({})", to_string(prediction.reason))
                            : to_string(handling));
    return fmt::format("{}", fmt::join(words, " or "));
}

} // namespace

std::string render_predictions(const NamespaceAudit &audit, const TableStyle &style) {
    Grid grid{.columns = {{"TWO PODS ON"}, {"OVER"}, {"FRAMES"}, {"TO ITS ADDRESS"}, {"THROUGH A SERVICE"}},
              .rows = {}};

    for (const auto &group : grouped(audit.predictions)) {
        const auto &one = group.prediction;
        const bool breaks = one.service == ServiceOutcome::breaks;
        grid.rows.push_back({.cells = {{{bridges_of(group)}},
                                       {{group.families}},
                                       {{to_string(one.tag)}},
                                       {{handling_of(one)}},
                                       {{one.service ? to_string(*one.service) : "-"},
                                        breaks && one.tag == BRPATH_TAG_NONE ? Ink::alarm : Ink::plain}},
                             .note = clean(one.why)});
    }
    if (grid.rows.empty())
        return {};
    return '\n' + render_grid(grid, static_cast<std::size_t>(std::max(style.columns, 80)), style.colour);
}

} // namespace brpath
