// SPDX-License-Identifier: BSD-2-Clause
#include "cli/doctor.hpp"
#include "cli/help.hpp"
#include "cli/observe.hpp"
#include "cli/options.hpp"
#include "cli/suggest.hpp"
#include "cli/watch.hpp"
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

// What is common to the rows of all commands.
struct OptionShape {
    const char *name;
    const char *value; // empty: it takes none
    bool is_hidden;
    bool repeats;
};

struct CommandShape {
    const char *name;
    std::vector<OptionShape> options;
    std::string (*help)();

    [[nodiscard]] std::string see_its_help() const {
        return fmt::format("`brpath {} --help` lists the options", name);
    }
};

template <typename Options>
CommandShape shape(const char *name, std::span<const OptionRow<Options>> rows, std::string (*help)()) {
    CommandShape command{name, {}, help};

    for (const auto &row : rows)
        command.options.push_back({row.name, row.value, !*row.group, row.repeats});
    return command;
}

// As the help lists them.
std::vector<CommandShape> command_shapes() {
    return {shape("observe", observe_options(), observe_help_text),
            shape("doctor", doctor_options(), doctor_help_text),
            shape("watch", watch_options(), watch_help_text)};
}

// CLI11 splits the command line into options and their values; what the values mean is decided by the rows,
// so that each message can name the option, the value and the remedy.
struct Subcommand {
    CommandShape shape;
    CLI::App *app;
    CLI::Option *verbose;
    std::vector<CLI::Option *> options; // one for each row

    Subcommand(CLI::App &parent, CommandShape wanted)
        : shape(std::move(wanted)), app(parent.add_subcommand(shape.name)),
          verbose(app->add_flag("-v,--verbose")) {
        app->set_help_flag("-h,--help");
        for (const auto &row : shape.options)
            options.push_back(*row.value ? app->add_option(row.name)->take_all() : app->add_flag(row.name));
    }
};

struct Parser {
    CLI::App app;
    CLI::Option *version;
    std::vector<Subcommand> commands;

    Parser() : version(app.add_flag("--version")) {
        app.set_help_flag("-h,--help");
        for (auto &command : command_shapes())
            commands.emplace_back(app, std::move(command));
    }

    // The one that was given; nullptr: none.
    [[nodiscard]] const Subcommand *given() const {
        const auto found = std::find_if(commands.begin(), commands.end(),
                                        [](const auto &command) { return command.app->parsed(); });
        return found == commands.end() ? nullptr : &*found;
    }
};

std::vector<std::string> option_names(const CommandShape &command) {
    std::vector<std::string> names = {"--help", "--verbose"};

    for (const auto &row : command.options)
        if (!row.is_hidden)
            names.emplace_back(row.name);
    return names;
}

Failure missing_value(std::string_view argument, const char *why, const OptionShape &row) {
    return fail(ErrorKind::usage, fmt::format("accept {}", argument), why,
                fmt::format("write {} {}", row.name, row.value));
}

// CLI11 takes the next argument as the value whatever it is: an option whose value was forgotten, or what
// follows the `--netns=` of a script whose variable is empty.
Result<void> refuse_missing_values(const CommandShape &command, std::span<const char *const> arguments) {
    for (std::size_t i = 0; i < arguments.size(); i++) {
        const std::string_view argument = arguments[i];
        const std::string_view next = i + 1 < arguments.size() ? arguments[i + 1] : "";
        for (const auto &row : command.options) {
            if (!*row.value)
                continue;
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

// What the arguments are of, judged before they are parsed; nullptr: no command.
const CommandShape *find_command(const Parser &parser, std::span<const char *const> arguments) {
    for (const std::string_view argument : arguments)
        for (const auto &command : parser.commands)
            if (argument == command.shape.name)
                return &command.shape;
    return nullptr;
}

// `command` is nullptr before any.
Failure unknown_option(const Parser &parser, const std::string &argument, const CommandShape *command) {
    const std::string before_equals = argument.substr(0, argument.find('='));
    const std::string name = before_equals.size() > 1 ? before_equals : argument;
    const auto names = command ? option_names(*command) : std::vector<std::string>{"--help", "--version"};
    const auto close = nearest(name, names);
    std::string hint = command ? command->see_its_help() : see_help;
    const auto tried = fmt::format("accept the option {}", printable(name));

    if (command && name == "--version")
        return fail(ErrorKind::usage, tried, fmt::format("{} has no such option", command->name),
                    "it stands alone: `brpath --version`");
    if (!command)
        for (const auto &known : parser.commands)
            if (const auto its = option_names(known.shape);
                std::find(its.begin(), its.end(), name) != its.end())
                return fail(ErrorKind::usage, tried, "brpath has no such option before the command",
                            fmt::format("options stand after the command: `brpath {} {} ...`",
                                        known.shape.name, name));
    if (!close.empty())
        hint = fmt::format("did you mean {}? {}", close, hint);
    return fail(ErrorKind::usage, tried,
                command ? fmt::format("{} has no such option", command->name)
                        : "brpath has no such option before the command",
                std::move(hint));
}

Failure unexpected(const Parser &parser, const std::string &argument, const CommandShape *command) {
    if (argument.size() > 1 && argument[0] == '-')
        return unknown_option(parser, argument, command);
    if (command)
        return fail(ErrorKind::usage, fmt::format("accept the argument \"{}\"", printable(argument)),
                    fmt::format("{} takes options only", command->name), command->see_its_help());
    std::vector<std::string> commands;
    for (const auto &known : parser.commands)
        commands.emplace_back(known.shape.name);
    const auto close = nearest(argument, commands);
    return fail(ErrorKind::usage, fmt::format("run the command \"{}\"", printable(argument)),
                "there is no such command",
                close.empty() ? see_help : fmt::format("did you mean `brpath {}`? {}", close, see_help));
}

Failure no_command() {
    return fail(ErrorKind::usage, "run brpath", "no command is given",
                fmt::format("the main one is `brpath observe`; {}", see_help));
}

// Hands the values on the command line to the rows.
template <typename Options>
Result<Options> read_options(const Subcommand &given, std::span<const OptionRow<Options>> rows) {
    Options options;

    for (std::size_t i = 0; i < given.options.size(); i++) {
        const auto &row = rows[i];
        const auto &values = given.options[i]->results();
        if (values.size() > 1 && !row.repeats)
            return fail(ErrorKind::usage,
                        fmt::format("accept {}{}{}", row.name, *row.value ? " " : "",
                                    *row.value ? printable(values.back()) : ""),
                        fmt::format("it is given {} times", values.size()), "give it once");
        for (const auto &value : values) {
            if (!*row.value && value != "true")
                return fail(ErrorKind::usage, fmt::format("accept {}={}", row.name, printable(value)),
                            "it takes no value", fmt::format("write {}", row.name));
            if (const auto applied = row.apply(options, value); !applied)
                return Failure(applied.error());
        }
    }
    for (const auto &flag : given.verbose->results())
        if (flag != "true")
            return fail(ErrorKind::usage, fmt::format("accept --verbose={}", printable(flag)),
                        "it takes no value", "repeat it for more: -vv");
    options.verbosity = static_cast<int>(given.verbose->count());
    return options;
}

Result<Command> observe_command(const Subcommand &given) {
    const auto options = read_options(given, observe_options());

    if (!options)
        return Failure(options.error());
    if (options->explain)
        return ShowPage{*options->explain};
    if (options->format == Format::json && options->interval)
        return fail(ErrorKind::usage, "write a summary every --interval with --format json",
                    "a JSON file holds one document", "take --format ndjson, one document a line");
    return *options;
}

Result<Command> watch_command(const Subcommand &given) {
    const auto options = read_options(given, watch_options());

    if (!options)
        return Failure(options.error());
    if (options->guard_pin && options->guards.empty())
        return fail(ErrorKind::usage, "accept --guard-pin", "there is no --guard to pin",
                    "write --guard KEY=VALUE --guard-pin");
    return *options;
}

Result<Command> doctor_command(const Subcommand &given) {
    const auto options = read_options(given, doctor_options());

    if (!options)
        return Failure(options.error());
    if (options->all_netns && !options->netns.empty())
        return fail(ErrorKind::usage, "accept --netns and --all-netns",
                    "one is about one namespace, the other about all", "leave one of them out");
    return *options;
}

Result<Command> command_of(const Subcommand &given) {
    const std::string_view name = given.shape.name;

    if (name == "watch")
        return watch_command(given);
    return name == "doctor" ? doctor_command(given) : observe_command(given);
}

} // namespace

Result<Command> parse_command_line(std::span<const char *const> arguments) {
    Parser parser;
    const auto *wanted = find_command(parser, arguments);

    if (const auto checked =
            refuse_missing_values(wanted ? *wanted : parser.commands.front().shape, arguments);
        !checked)
        return Failure(checked.error());
    try {
        // CLI11 takes them from the back
        parser.app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::CallForHelp &) {
        return ShowText{parser.given() ? parser.given()->shape.help() : help_text()};
    } catch (const CLI::ExtrasError &) {
        // those before the command first, as they were typed first
        if (const auto before = parser.app.remaining(false); !before.empty())
            return unexpected(parser, before.front(), nullptr);
        return unexpected(parser, parser.given()->app->remaining(false).front(), &parser.given()->shape);
    } catch (const CLI::Error &error) {
        return fail(ErrorKind::usage, "understand the command line", printable(error.what()), see_help);
    }
    if (parser.version->count() > 0)
        return ShowText{fmt::format("brpath {}\n", BRPATH_VERSION)};
    const auto *given = parser.given();
    if (!given)
        return no_command();
    if (const auto all = parser.app.get_subcommands(); all.size() > 1 || given->app->count() > 1)
        return unexpected(parser, all.back()->get_name(), &given->shape);
    return command_of(*given);
}

} // namespace brpath
