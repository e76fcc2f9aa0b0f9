// SPDX-License-Identifier: BSD-2-Clause
#include "cli/help.hpp"
#include "cli/observe.hpp"
#include "cli/options.hpp"
#include "cli/suggest.hpp"
#include "util/printable.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <vector>

#ifndef BRPATH_VERSION
#define BRPATH_VERSION "0.1.0"
#endif

namespace brpath {

namespace {

constexpr const char *see_help = "`brpath --help` lists the commands";
constexpr const char *see_observe_help = "`brpath observe --help` lists the options";

// CLI11 splits the command line into options and their values; what the values mean is decided by the rows of
// observe_options(), so that each message can name the option, the value and the remedy.
struct Parser {
    CLI::App app;
    CLI::App *observe;
    CLI::Option *version;
    CLI::Option *verbose;
    std::vector<CLI::Option *> options; // one for each row

    Parser() : observe(app.add_subcommand("observe")), version(app.add_flag("--version")) {
        app.set_help_flag("-h,--help");
        observe->set_help_flag("-h,--help");
        verbose = observe->add_flag("-v,--verbose");
        for (const auto &row : observe_options())
            options.push_back(observe->add_option(row.name)->take_all());
    }
};

std::vector<std::string> option_names() {
    std::vector<std::string> names = {"--help", "--verbose"};

    for (const auto &row : observe_options())
        if (row.group[0] != '\0')
            names.emplace_back(row.name);
    return names;
}

Failure missing_value(std::string_view argument, const char *why, const ObserveOption &row) {
    return fail(ErrorKind::usage, fmt::format("accept {}", argument), why,
                fmt::format("write {} {}", row.name, row.value));
}

// CLI11 takes the next argument as the value whatever it is: an option whose value was forgotten, or what
// follows the `--netns=` of a script whose variable is empty.
Result<void> refuse_missing_values(std::span<const char *const> arguments) {
    for (std::size_t i = 0; i < arguments.size(); i++) {
        const std::string_view argument = arguments[i];
        const std::string_view next = i + 1 < arguments.size() ? arguments[i + 1] : "";
        for (const auto &row : observe_options()) {
            if (argument == row.name && next.empty())
                return missing_value(argument, "its value is missing", row);
            if (argument == row.name && next.starts_with("--"))
                return missing_value(argument, "another option stands where its value should", row);
            if (argument.ends_with('=') && argument.substr(0, argument.size() - 1) == row.name)
                return missing_value(argument, "nothing stands after the equals sign", row);
        }
    }
    return {};
}

Failure unknown_option(const std::string &argument, bool after_observe) {
    const std::string before_equals = argument.substr(0, argument.find('='));
    const std::string name = before_equals.size() > 1 ? before_equals : argument;
    const auto names = after_observe ? option_names() : std::vector<std::string>{"--help", "--version"};
    const auto close = nearest(name, names);
    std::string hint = after_observe ? see_observe_help : see_help;

    if (after_observe && name == "--version")
        hint = "it stands alone: `brpath --version`";
    else if (const auto known = option_names();
             !after_observe && std::find(known.begin(), known.end(), name) != known.end())
        hint = fmt::format("options stand after the command: `brpath observe {} ...`", name);
    else if (!close.empty())
        hint = fmt::format("did you mean {}? {}", close, hint);
    return fail(ErrorKind::usage, fmt::format("accept the option {}", printable(name)),
                after_observe ? "observe has no such option" : "brpath has no such option before the command",
                std::move(hint));
}

Failure unexpected(const std::string &argument, bool after_observe) {
    if (argument.size() > 1 && argument[0] == '-')
        return unknown_option(argument, after_observe);
    if (after_observe)
        return fail(ErrorKind::usage, fmt::format("accept the argument \"{}\"", printable(argument)),
                    "observe takes options only", see_observe_help);
    const std::vector<std::string> commands = {"observe"};
    const auto close = nearest(argument, commands);
    return fail(ErrorKind::usage, fmt::format("run the command \"{}\"", printable(argument)),
                "there is no such command",
                close.empty() ? see_help : fmt::format("did you mean `brpath {}`? {}", close, see_help));
}

Failure no_command() {
    return fail(ErrorKind::usage, "run brpath", "no command is given",
                fmt::format("the main one is `brpath observe`; {}", see_help));
}

// The one value that an option has on the command line.
Result<std::string> value_of(const ObserveOption &row, const CLI::Option &option) {
    const auto &values = option.results();

    if (values.size() > 1)
        return fail(ErrorKind::usage, fmt::format("accept {} {}", row.name, printable(values.back())),
                    fmt::format("it is given {} times", values.size()), "give it once");
    return values.front();
}

Result<Command> observe_command(const Parser &parser) {
    ObserveOptions options;

    for (std::size_t i = 0; i < parser.options.size(); i++) {
        const auto &row = observe_options()[i];
        if (parser.options[i]->count() == 0)
            continue;
        const auto applied = value_of(row, *parser.options[i]).and_then([&](const std::string &value) {
            return row.apply(options, value);
        });
        if (!applied)
            return Failure(applied.error());
    }
    for (const auto &flag : parser.verbose->results())
        if (flag != "true")
            return fail(ErrorKind::usage, fmt::format("accept --verbose={}", printable(flag)),
                        "it takes no value", "repeat it for more: -vv");
    options.verbosity = static_cast<int>(parser.verbose->count());
    if (options.explain)
        return ShowPage{*options.explain};
    if (options.format == Format::json && options.interval)
        return fail(ErrorKind::usage, "write a summary every --interval with --format json",
                    "a JSON file holds one document", "take --format ndjson, one document a line");
    return options;
}

} // namespace

Result<Command> parse_command_line(std::span<const char *const> arguments) {
    Parser parser;

    if (const auto checked = refuse_missing_values(arguments); !checked)
        return Failure(checked.error());
    try {
        // CLI11 takes them from the back
        parser.app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::CallForHelp &) {
        return ShowText{parser.observe->parsed() ? observe_help_text() : help_text()};
    } catch (const CLI::ExtrasError &) {
        // those before the command first, as they were typed first
        if (const auto before = parser.app.remaining(false); !before.empty())
            return unexpected(before.front(), false);
        return unexpected(parser.observe->remaining(false).front(), true);
    } catch (const CLI::Error &error) {
        return fail(ErrorKind::usage, "understand the command line", printable(error.what()), see_help);
    }
    if (parser.version->count() > 0)
        return ShowText{fmt::format("brpath {}\n", BRPATH_VERSION)};
    if (!parser.observe->parsed())
        return no_command();
    if (parser.app.get_subcommands().size() > 1 || parser.observe->count() > 1)
        return unexpected("observe", true);
    return observe_command(parser);
}

} // namespace brpath
