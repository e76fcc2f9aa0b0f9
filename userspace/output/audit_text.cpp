// SPDX-License-Identifier: BSD-2-Clause
#include "output/audit.hpp"
#include "output/audit_predictions.hpp"
#include "output/number.hpp"
#include "output/text_grid.hpp"
#include "output/text_width.hpp"
#include "output/text_wrap.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <utility>

namespace brpath {

namespace {

constexpr std::size_t result_width = 9;
constexpr std::size_t detail_indent = 4;

Ink ink_of(CheckResult result) {
    switch (result) {
    case CheckResult::fail:
        return Ink::alarm;
    case CheckResult::warn:
        return Ink::bold;
    default:
        return Ink::plain;
    }
}

const char *shown(CheckResult result) { return result == CheckResult::fail ? "FAIL" : to_string(result); }

std::size_t columns_of(const TableStyle &style) {
    return static_cast<std::size_t>(std::max(style.columns, 80));
}

std::string verdict_line(CheckResult result, const std::string &verdict, const TableStyle &style) {
    std::string text;

    for (const auto &line : wrapped(clean(verdict), columns_of(style)))
        text += paint(line, ink_of(result), style.colour) + '\n';
    return text;
}

std::size_t name_width(const std::vector<Check> &checks) {
    std::size_t width = 0;

    for (const auto &check : checks)
        width = std::max(width, display_width(clean(check.name)));
    return std::min<std::size_t>(width, 50) + 2;
}

// Commands are never wrapped: they are there to be copied.
std::string render_check(const Check &check, std::size_t width, const TableStyle &style) {
    const auto columns = columns_of(style);
    const Ink ink = ink_of(check.result);
    std::string text =
        paragraph({.label = padded(clean(check.name), width) + padded(shown(check.result), result_width),
                   .indent = width + result_width,
                   .label_ink = ink},
                  clean(check.what), columns, style.colour);

    if (!check.why.empty())
        text += paragraph({.label = std::string(detail_indent, ' ') + "why", .indent = detail_indent + 5},
                          clean(check.why), columns, style.colour);
    for (const auto &command : check.fix)
        text += fmt::format("{:{}}{:<5}{}\n", "", detail_indent, &command == check.fix.data() ? "fix" : "",
                            clean(command));
    return text;
}

std::string render_checks(const std::vector<Check> &checks, const TableStyle &style) {
    const auto width = name_width(checks);
    std::string text = paint(padded("CHECK", width) + padded("RESULT", result_width) + "WHAT IT IS", Ink::dim,
                             style.colour) +
                       '\n';

    for (const auto &check : checks)
        text += render_check(check, width, style);
    return text;
}

// Most hooks are refused for the same reason: it is said once, with their functions.
std::string render_refusals(const NodeFacts &node, const TableStyle &style) {
    std::map<std::pair<std::string, std::string>, std::vector<std::string>>
        functions; // by backend and reason
    std::string text;

    for (const auto &hook : node.hooks)
        for (const auto &way : hook.ways) {
            auto &names = functions[{way.backend, way.why_not}];
            if (!way.why_not.empty() && std::find(names.begin(), names.end(), way.symbol) == names.end())
                names.push_back(way.symbol);
        }
    for (const auto &[key, names] : functions)
        if (!names.empty())
            text += paragraph({.label = "  not by " + key.first, .indent = 24},
                              clean(fmt::format("{}: {}", key.second, fmt::join(names, ", "))),
                              columns_of(style), style.colour);
    return text;
}

std::string render_hooks(const NodeFacts &node, const TableStyle &style) {
    Grid grid{.columns = {{"HOOK"}, {"BACKEND"}, {"FUNCTION"}, {"FOR", true}}, .rows = {}};

    for (const auto &hook : node.hooks) {
        const auto *way = chosen_way(hook);
        grid.rows.push_back({.cells = {{{hook.hook}},
                                       {{way ? way->backend : "none"}},
                                       {{way ? way->symbol : "-"}},
                                       {{clean(hook.purpose)}, Ink::dim}},
                             .note = {}});
    }
    if (grid.rows.empty())
        return {};
    return '\n' + render_grid(grid, columns_of(style), style.colour) + render_refusals(node, style);
}

std::string name_of(const AuditFacts &facts) { return facts.netns.empty() ? "this one" : clean(facts.netns); }

std::string header(const Audit &audit, const std::string &netns, const TableStyle &style) {
    return paint(fmt::format("brpath doctor   node {} ({})   {}{}", clean(audit.node.hostname),
                             clean(audit.node.kernel),
                             netns.empty() ? "" : fmt::format("netns {}   ", clean(netns)), audit.node.time),
                 Ink::dim, style.colour) +
           "\n\n";
}

std::string render_namespace(const NamespaceAudit &audit, const std::vector<Check> &more,
                             const TableStyle &style) {
    auto checks = audit.checks;

    checks.insert(checks.end(), more.begin(), more.end());
    return render_checks(checks, style) + render_predictions(audit, style);
}

std::string render_one(const Audit &audit, const TableStyle &style) {
    const auto &only = audit.namespaces.front();

    return header(audit, only.facts.netns, style) + render_namespace(only, audit.checks, style);
}

std::string render_list(const Audit &audit, const TableStyle &style) {
    Grid grid{.columns = {{"NAMESPACE"}, {"BRIDGES"}, {"RESULT"}, {"VERDICT", true}}, .rows = {}};

    for (const auto &one : audit.namespaces)
        grid.rows.push_back({.cells = {{{name_of(one.facts)}},
                                       {{std::to_string(one.facts.bridges.size())}},
                                       {{shown(one.result)}, ink_of(one.result)},
                                       {{clean(one.verdict)}}},
                             .note = {}});
    std::string text = grid.rows.empty() ? "" : render_grid(grid, columns_of(style), style.colour);
    if (audit.without_bridges > 0)
        text += fmt::format("{} without a bridge\n", counted(audit.without_bridges, "namespace"));
    for (const auto &unseen : audit.unseen)
        text +=
            paragraph({.label = "not seen", .indent = 10}, clean(unseen), columns_of(style), style.colour);
    for (const auto &one : audit.namespaces)
        if (one.result >= CheckResult::warn)
            text += fmt::format("\n{}\n", paint("--- " + name_of(one.facts), Ink::bold, style.colour)) +
                    verdict_line(one.result, one.verdict, style) + '\n' + render_namespace(one, {}, style);
    return header(audit, "", style) + text + '\n' + render_checks(audit.checks, style);
}

} // namespace

std::string render_audit(const Audit &audit, Detail detail, const TableStyle &style) {
    return verdict_line(audit.result, audit.verdict, style) + '\n' +
           (detail == Detail::one ? render_one(audit, style) : render_list(audit, style)) +
           render_hooks(audit.node, style);
}

} // namespace brpath
