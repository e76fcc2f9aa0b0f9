// SPDX-License-Identifier: BSD-2-Clause
#include "cli/help.hpp"

#include "cli/doctor.hpp"
#include "cli/observe.hpp"
#include "cli/watch.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>
#include <vector>

namespace brpath {

namespace {

constexpr std::size_t columns = 100;
constexpr std::size_t text_column = 26; // where the right hand side begins

struct Entry {
    std::string left;
    std::string right;
};

std::string entry_lines(const Entry &entry) {
    std::string lines = fmt::format("  {:<{}}", entry.left, text_column - 2);
    std::size_t column = lines.size();

    for (std::string_view rest = entry.right; !rest.empty();) {
        const std::size_t length = std::min(rest.find(' '), rest.size());
        const bool first = lines.back() == ' ';
        if (!first && column + 1 + length > columns) {
            lines += fmt::format("\n{:{}}", "", text_column);
            column = text_column;
        } else if (!first) {
            lines += ' ';
            column++;
        }
        lines += rest.substr(0, length);
        column += length;
        rest.remove_prefix(std::min(length + 1, rest.size()));
    }
    return lines + '\n';
}

std::string section(std::string_view title, const std::vector<Entry> &entries) {
    std::string lines = fmt::format("\n{}:\n", title);

    for (const auto &entry : entries)
        lines += entry_lines(entry);
    return lines;
}

std::string examples(const std::vector<std::string> &commands) {
    std::string lines = "\nExamples:\n";

    for (const auto &command : commands)
        lines += "  " + command + '\n';
    return lines;
}

constexpr const char *results = "\nResults go to stdout, everything else to stderr.\n";

std::string exit_statuses() {
    return section(
        "Exit status",
        {{"0", "done"},
         {"1", "failed"},
         {"2", "usage: the command line, or a file named there, is wrong"},
         {"3", "permission: a capability is missing"},
         {"4", "this kernel cannot"},
         {"10",
          "observe with --fail-on: the last summary has such a finding; doctor: something warns or fails"},
         {"130", "interrupted a second time"}});
}

template <typename Options> std::string option_sections(std::span<const OptionRow<Options>> options) {
    std::string text, group;
    std::vector<Entry> entries;

    for (const auto &option : options) {
        if (group != option.group && !entries.empty()) {
            text += section(group, entries);
            entries.clear();
        }
        group = option.group;
        if (!group.empty())
            entries.push_back(
                {fmt::format("{}{}{}", option.name, *option.value ? " " : "", option.value), option.help});
    }
    if (!entries.empty())
        text += section(group, entries);
    return text + section("Other", {{"-v, --verbose", "say on stderr what is done and why; twice for more"},
                                    {"-h, --help", "this text"}});
}

} // namespace

std::string help_text() {
    return "brpath shows which frames on a Linux bridge bypass netfilter, and what that breaks.\n"
           "\nUsage: brpath COMMAND [OPTION...]\n" +
           section("Commands",
                   {{"observe", "who talks to whom over the bridges, which frames netfilter and "
                                "conntrack did not see, and what follows from that"},
                    {"doctor", "an audit of the setting, the rules and the hooks: what would break, "
                               "why, and what to do"},
                    {"watch", "who changes the setting, when; --guard refuses it"}}) +
           section("Options", {{"-h, --help", "this text; after a command, the command's options"},
                               {"--version", "the version"}}) +
           results + exit_statuses() +
           examples({"brpath observe", "brpath observe --netns lab-node --duration 10s",
                     "brpath observe --format json --duration 10s | jq .findings",
                     "brpath doctor --netns lab-node",
                     "brpath watch --guard net.bridge.bridge-nf-call-iptables=1", "brpath observe --help"});
}

std::string observe_help_text() {
    std::string text =
        "brpath observe: who talks to whom over the bridges, frame by frame: tracked by conntrack "
        "or\nbypassed, which Service was meant, what is broken by it, and the command that fixes "
        "it.\n"
        "\nUsage: brpath observe [OPTION...]\n" +
        option_sections(observe_options());
    text += "\nTIME is a number with a unit: 500ms, 2s, 1.5s, 3m, 1h; without a unit it is seconds.\n"
            "Ctrl-C ends with a full summary; a second one ends at once.\n";
    return text + results + exit_statuses() +
           examples({"brpath observe", "brpath observe --netns lab-node --duration 10s",
                     "brpath observe --bridge cni0 --names /etc/hosts",
                     "brpath observe --format json --duration 10s | jq .findings",
                     "brpath observe --format ndjson --interval 1s --output summaries.ndjson"});
}

std::string doctor_help_text() {
    std::string text =
        "brpath doctor: an audit of br_netfilter's setting, of what translates and of brpath's own hooks:\n"
        "what would break, why it matters here, and the command that mends it. It reads only, loads no\n"
        "module, and says what it could not see.\n"
        "\nUsage: brpath doctor [OPTION...]\n" +
        option_sections(doctor_options());
    text += "\nResults of a check: ok, note, unknown, warn, FAIL. Without root it says `unknown` where it "
            "may not\n"
            "look.\n";
    return text + results + exit_statuses() +
           examples({"brpath doctor", "brpath doctor --netns lab-node --bridge cni0",
                     "brpath doctor --all-netns", "brpath doctor --format json | jq -r .verdict",
                     "brpath doctor --all-netns --output audit.txt"});
}

std::string watch_help_text() {
    std::string text =
        "brpath watch: each change of the setting as it happens, and who made it: sysctls of br_netfilter,\n"
        "bridges' own attributes, the module loaded or unloaded. With --guard it refuses the change.\n"
        "\nUsage: brpath watch [OPTION...]\n" +
        option_sections(watch_options());
    text +=
        "\nTIME is a number with a unit: 500ms, 2s, 1.5s, 3m, 1h; without a unit it is seconds.\n"
        "With -v it also shows writes that change nothing.\n"
        "\nA guard refuses writes of sysctls with EPERM, root's too. It cannot refuse what is no such write: "
        "a\n"
        "bridge's own attributes (netlink, sysfs), and unloading br_netfilter. It is gone when brpath ends,\n"
        "however it ends, but for --guard-pin.\n";
    return text + results + exit_statuses() +
           examples({"brpath watch", "brpath watch --netns lab-node -v",
                     "brpath watch --format ndjson --output /var/log/brpath-changes.ndjson",
                     "brpath watch --guard net.bridge.bridge-nf-call-iptables=1",
                     "brpath watch --guard bridge-nf-call-iptables=1 --guard-pin --duration 1ms"});
}

} // namespace brpath
