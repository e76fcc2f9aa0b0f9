// SPDX-License-Identifier: BSD-2-Clause
#include "output/ink.hpp"
#include "output/number.hpp"
#include "output/table_sections.hpp"
#include "output/text_width.hpp"
#include "output/text_wrap.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

namespace brpath {

namespace {

constexpr std::size_t findings_max = 10;
constexpr std::size_t indent = 11;

std::string words_of(std::string key) {
    std::replace(key.begin(), key.end(), '_', ' ');
    if (key.starts_with("syn "))
        key.replace(0, 3, "SYN");
    return key;
}

bool is_example(const std::string &key) { return key.starts_with("example_"); }

bool has_example(const Finding &finding) {
    return std::any_of(finding.evidence.begin(), finding.evidence.end(),
                       [](const auto &part) { return is_example(part.first); });
}

// Counts, and what the summary does not say already.
std::string evidence_text(const Finding &finding) {
    std::vector<std::string> parts;

    for (const auto &[key, value] : finding.evidence) {
        if (is_example(key) || (key == "example" && has_example(finding)))
            continue;
        if (const auto *number = std::get_if<std::int64_t>(&value))
            parts.push_back(fmt::format("{}: {}", words_of(key), grouped(*number)));
        else if (const auto *text = std::get_if<std::string>(&value);
                 text && !text->empty() && finding.summary.find(*text) == std::string::npos)
            parts.push_back(fmt::format("{}: {}", words_of(key), *text));
    }
    return clean(fmt::format("{}", fmt::join(parts, "; ")));
}

// The steps of one conversation below each other, so that the eye finds what does not fit.
std::string example_lines(const Finding &finding) {
    std::string lines;

    for (const auto &[key, value] : finding.evidence)
        if (const auto *text = std::get_if<std::string>(&value); text && is_example(key))
            lines += fmt::format("{:{}}{:<9}{:<10}{}\n", "", indent, lines.empty() ? "example:" : "",
                                 key.substr(key.find('_') + 1), clean(*text));
    return lines;
}

// Never wrapped: it is there to be copied.
std::string fix_lines(const Finding &finding) {
    std::string lines;

    for (const auto &command : finding.fix)
        lines += fmt::format("{:{}}{:<5}{}\n", "", indent, lines.empty() ? "fix:" : "", clean(command));
    return lines;
}

std::string render_finding(const Finding &finding, const TableStyle &style) {
    const auto columns = static_cast<std::size_t>(style.columns);
    const Ink ink = finding.severity == Severity::critical ? Ink::alarm : Ink::bold;
    const auto evidence = evidence_text(finding);
    std::string result =
        paragraph({.label = to_string(finding.severity), .indent = indent, .label_ink = ink, .ink = ink},
                  clean(finding.id), columns, style.colour);

    result += paragraph({.label = "", .indent = indent}, clean(finding.summary), columns, style.colour);
    if (!evidence.empty())
        result += paragraph({.label = "", .indent = indent}, "evidence: " + evidence, columns, style.colour);
    return result + example_lines(finding) + fix_lines(finding);
}

} // namespace

std::string render_findings(const Summary &summary, const TableStyle &style) {
    if (summary.findings.empty())
        return labelled("FINDINGS", "none", style);
    std::vector<const Finding *> findings;
    for (const auto &finding : summary.findings)
        findings.push_back(&finding);
    std::stable_sort(findings.begin(), findings.end(),
                     [](const Finding *a, const Finding *b) { return a->severity > b->severity; });

    const auto shown = std::min(findings.size(), findings_max);
    std::string result = paint("FINDINGS", Ink::dim, style.colour) + '\n';
    for (std::size_t i = 0; i < shown; i++)
        result += render_finding(*findings[i], style);
    if (findings.size() > shown)
        result +=
            labelled("",
                     fmt::format("and {}: --format json lists all",
                                 counted(static_cast<std::int64_t>(findings.size() - shown), "more finding")),
                     style);
    const auto more = "more: brpath observe --explain " + clean(findings.front()->id);
    return result + paragraph({.label = "", .indent = indent}, more, static_cast<std::size_t>(style.columns),
                              style.colour);
}

} // namespace brpath
