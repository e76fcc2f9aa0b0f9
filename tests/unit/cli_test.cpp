// SPDX-License-Identifier: BSD-2-Clause
#include "cli/options.hpp"
#include "data/golden.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <initializer_list>
#include <sstream>
#include <string>
#include <vector>

using namespace brpath;
using namespace std::chrono_literals;

namespace {

Result<Command> parse(std::initializer_list<const char *> arguments) {
    return parse_command_line(std::vector<const char *>(arguments));
}

ObserveOptions observe(std::initializer_list<const char *> arguments) {
    std::vector<const char *> all = {"observe"};
    all.insert(all.end(), arguments);
    const auto command = parse_command_line(all);

    REQUIRE_MESSAGE(command, (command ? "" : command.error().tried + ": " + command.error().why));
    REQUIRE(std::holds_alternative<ObserveOptions>(*command));
    return std::get<ObserveOptions>(*command);
}

Error error(std::initializer_list<const char *> arguments) {
    const auto command = parse(arguments);

    REQUIRE_FALSE(command);
    CHECK(command.error().kind == ErrorKind::usage);
    CHECK_FALSE(command.error().why.empty());
    CHECK_FALSE(command.error().hint.empty());
    return command.error();
}

std::string text(std::initializer_list<const char *> arguments) {
    const auto command = parse(arguments);

    REQUIRE(command);
    REQUIRE(std::holds_alternative<ShowText>(*command));
    return std::get<ShowText>(*command).text;
}

bool contains(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("observe without options is what an incident needs") {
    const auto options = observe({});

    CHECK(options.netns.empty());
    CHECK(options.bridge.empty());
    CHECK_FALSE(options.duration);
    CHECK_FALSE(options.interval);
    CHECK(options.format == Format::table);
    CHECK(options.output.empty());
    CHECK(options.backend == Backend::automatic);
    CHECK(options.names_file.empty());
    CHECK_FALSE(options.fail_on);
    CHECK_FALSE(options.ready_fd);
    CHECK_EQ(options.verbosity, 0);
}

TEST_CASE("each option lands in its place") {
    const auto options = observe({"--netns", "lab-node", "--bridge=cni0", "--duration", "10s", "--interval",
                                  "500ms", "--format", "ndjson", "--output", "out.json", "--backend",
                                  "tracepoint", "--names", "hosts", "--ready-fd", "3"});

    CHECK_EQ(options.netns, "lab-node");
    CHECK_EQ(options.bridge, "cni0");
    CHECK(options.duration == 10s);
    CHECK(options.interval == 500ms);
    CHECK(options.format == Format::ndjson);
    CHECK_EQ(options.output, "out.json");
    CHECK(options.backend == Backend::tracepoint);
    CHECK_EQ(options.names_file, "hosts");
    CHECK_EQ(options.ready_fd.value_or(-1), 3);
    CHECK(observe({"--format", "json"}).format == Format::json);
    CHECK(observe({"--format", "table"}).format == Format::table);
    CHECK(observe({"--backend", "fentry"}).backend == Backend::fentry);
    CHECK(observe({"--backend", "auto"}).backend == Backend::automatic);
    CHECK(observe({"--output", "-"}).output.empty());
    CHECK(observe({"--fail-on", "info"}).fail_on == Severity::info);
    CHECK(observe({"--fail-on", "warning"}).fail_on == Severity::warning);
    CHECK(observe({"--fail-on=critical"}).fail_on == Severity::critical);
    CHECK_EQ(observe({"-v"}).verbosity, 1);
    CHECK_EQ(observe({"-vv", "--verbose"}).verbosity, 3);
}

TEST_CASE("values are taken as they are, however odd") {
    CHECK_EQ(observe({"--netns", "/proc/1/ns/net"}).netns, "/proc/1/ns/net");
    CHECK_EQ(observe({"--netns", "[a,b]"}).netns, "[a,b]");
    CHECK_EQ(observe({"--netns", "{}"}).netns, "{}");
    CHECK_EQ(observe({"--names", "a b=c"}).names_file, "a b=c");
    CHECK_EQ(observe({"--bridge=a=b"}).bridge, "a=b");
    CHECK_EQ(observe({"--bridge", "observe"}).bridge, "observe");
    CHECK_EQ(observe({"--bridge", "-odd"}).bridge, "-odd");
}

TEST_CASE("times") {
    const auto duration = [](const char *time) { return observe({"--duration", time}).duration; };

    CHECK(duration("500ms") == 500ms);
    CHECK(duration("2s") == 2s);
    CHECK(duration("1.5s") == 1500ms);
    CHECK(duration("3m") == 180s);
    CHECK(duration("1h") == 3600s);
    CHECK(duration("7") == 7s);
    CHECK(duration("0.25") == 250ms);
    CHECK(duration("1ms") == 1ms);
    CHECK(duration("0.0015s") == 2ms);
    CHECK(duration("8784h") == 366 * 24h);
    CHECK(observe({"--interval", "100ms"}).interval == 100ms);
    CHECK(observe({"--interval", "0.1"}).interval == 100ms);
}

TEST_CASE("what is no time is refused with the option, the value and the accepted forms") {
    for (const char *time : {"0",
                             "0s",
                             "0.0",
                             "0.4ms",
                             "-1",
                             "-5s",
                             "x",
                             "s",
                             ".5",
                             "1.",
                             "1..5s",
                             "1e3",
                             "0x10",
                             "inf",
                             "nan",
                             "1 s",
                             " 1s",
                             "1s ",
                             "3M",
                             "5us",
                             "1h30m",
                             "8785h",
                             "999999999999999999999999999999h",
                             "+5",
                             "1,5s",
                             "5s\x1b[31m"}) {
        CAPTURE(time);
        for (const char *option : {"--duration", "--interval"}) {
            const auto refused = error({"observe", option, time});
            CHECK(contains(refused.tried, option));
            for (const char *form : {"500ms", "2s", "1.5s", "3m", "1h", "plain number is seconds"})
                CHECK(contains(refused.hint, form));
        }
    }
    CHECK_EQ(error({"observe", "--duration", "5x"}).tried, "accept --duration 5x");
    CHECK_EQ(error({"observe", "--duration", "5x"}).why, "this is not a time");
    CHECK(contains(error({"observe", "--duration=-5s"}).why, "more than zero"));
    CHECK(contains(error({"observe", "--duration", "-5s"}).why, "more than zero"));
    CHECK(contains(error({"observe", "--duration", "9999999999h"}).why, "longer than a year"));
    CHECK(
        contains(error({"observe", "--duration", std::string(400, '9').c_str()}).why, "longer than a year"));
}

TEST_CASE("an interval is at least 100ms") {
    for (const char *time : {"99ms", "1ms", "0.099"}) {
        const auto refused = error({"observe", "--interval", time});
        CHECK_EQ(refused.tried, std::string("accept --interval ") + time);
        CHECK(contains(refused.why, "100ms"));
    }
    CHECK(observe({"--duration", "99ms"}).duration == 99ms);
}

TEST_CASE("no command") {
    const auto refused = error({});

    CHECK(contains(refused.why, "no command"));
    CHECK(contains(refused.hint, "brpath observe"));
    CHECK(contains(refused.hint, "brpath --help"));
}

TEST_CASE("unknown commands") {
    CHECK_EQ(error({"obsrve", "--netns", "x"}).tried, "run the command \"obsrve\"");
    CHECK(contains(error({"obsrve"}).hint, "did you mean `brpath observe`?"));
    CHECK(contains(error({"obs"}).hint, "did you mean `brpath observe`?"));
    CHECK_FALSE(contains(error({"tcpdump"}).hint, "did you mean"));
    CHECK_FALSE(contains(error({"serve"}).hint, "did you mean"));
    CHECK_FALSE(contains(error({"obscure"}).hint, "did you mean"));
    CHECK_EQ(error({""}).tried, "run the command \"\"");
    CHECK_EQ(error({"\x1b[2Jx"}).tried, "run the command \"?[2Jx\"");
}

TEST_CASE("unknown options") {
    const auto refused = error({"observe", "--fromat", "json"});

    CHECK_EQ(refused.tried, "accept the option --fromat");
    CHECK(contains(refused.hint, "did you mean --format?"));
    CHECK(contains(refused.hint, "brpath observe --help"));
    CHECK(contains(error({"observe", "--durtion=5s"}).hint, "did you mean --duration?"));
    CHECK(contains(error({"observe", "--back"}).hint, "did you mean --backend?"));
    CHECK_FALSE(contains(error({"observe", "--colour"}).hint, "did you mean"));
    CHECK_EQ(error({"observe", "-q"}).tried, "accept the option -q");
    CHECK_EQ(error({"observe", "--\x1b]0;x"}).tried, "accept the option --?]0;x");
    CHECK(contains(error({"--vers"}).hint, "did you mean --version?"));
}

TEST_CASE("the hidden option is not suggested") {
    CHECK_FALSE(contains(error({"observe", "--ready-fx"}).hint, "ready"));
}

TEST_CASE("options in the wrong place") {
    CHECK(contains(error({"--netns", "x", "observe"}).hint, "`brpath observe --netns ...`"));
    CHECK(contains(error({"observe", "--version"}).hint, "`brpath --version`"));
    CHECK_EQ(error({"observe", "cni0"}).tried, "accept the argument \"cni0\"");
    CHECK_EQ(error({"observe", ""}).tried, "accept the argument \"\"");
    CHECK_EQ(error({"observe", "observe"}).tried, "accept the argument \"observe\"");
}

TEST_CASE("unknown values") {
    const auto format = error({"observe", "--format", "jsno"});
    CHECK_EQ(format.tried, "accept --format jsno");
    CHECK_EQ(format.hint, "did you mean json? choose one of table, json, ndjson");
    CHECK_EQ(error({"observe", "--format", "yaml"}).hint, "choose one of table, json, ndjson");

    const auto backend = error({"observe", "--backend", "fenrty"});
    CHECK_EQ(backend.hint, "did you mean fentry? choose one of auto, fentry, kprobe, tracepoint");

    for (const char *fd : {"-1", "x", "3x", "3.5", "99999999999", " 3"}) {
        CAPTURE(fd);
        CHECK(contains(error({"observe", "--ready-fd", fd}).tried, "--ready-fd"));
    }
}

TEST_CASE("unknown severities and findings") {
    const auto severity = error({"observe", "--fail-on", "warn"});
    CHECK_EQ(severity.tried, "accept --fail-on warn");
    CHECK_EQ(severity.hint, "did you mean warning? choose one of info, warning, critical");
    CHECK_EQ(error({"observe", "--fail-on", "Critical"}).hint,
             "did you mean critical? choose one of info, warning, critical");

    const auto id = error({"observe", "--explain", "reply-not-transalted"});
    CHECK_EQ(id.tried, "accept --explain reply-not-transalted");
    CHECK(id.hint.starts_with("did you mean reply-not-translated? choose one of "));
    for (const auto &page : pages())
        CHECK(contains(error({"observe", "--explain", "x"}).hint, std::string(page.id)));
    CHECK_FALSE(contains(error({"observe", "--explain", "README"}).hint, "README"));
}

TEST_CASE("a page is shown instead of observing, whatever else is asked for") {
    for (const auto &page : pages()) {
        const std::string id(page.id);
        const auto alone = parse({"observe", "--explain", id.c_str()});
        const auto beside = parse({"observe", "--netns", "x", "--explain", id.c_str(), "--format", "json"});
        for (const auto &command : {alone, beside}) {
            REQUIRE(command);
            REQUIRE(std::holds_alternative<ShowPage>(*command));
            CHECK_EQ(std::get<ShowPage>(*command).page.text, page.text);
        }
    }
}

TEST_CASE("values that are missing, empty or given twice") {
    for (const char *option : {"--netns", "--bridge", "--duration", "--interval", "--format", "--output",
                               "--backend", "--names", "--ready-fd", "--fail-on", "--explain"}) {
        CAPTURE(option);
        const std::string tried = std::string("accept ") + option;
        const auto last = error({"observe", option});
        CHECK_EQ(last.tried, tried);
        CHECK(contains(last.why, "missing"));
        CHECK(contains(last.hint, std::string("write ") + option));
        CHECK_EQ(error({"observe", option, ""}).tried, tried);
        CHECK_EQ(error({"observe", (std::string(option) + "=").c_str()}).tried, tried + "=");
        CHECK_EQ(error({"observe", option, "--bridge", "cni0"}).tried, tried);
    }
    CHECK(contains(error({"observe", "--netns", "a", "--netns", "b"}).why, "2 times"));
    CHECK(contains(error({"observe", "--verbose=3"}).why, "no value"));
}

TEST_CASE("help is what the golden files say") {
    check_golden("help.txt", text({"--help"}));
    check_golden("help-observe.txt", text({"observe", "--help"}));
    check_golden("help-doctor.txt", text({"doctor", "--help"}));
    check_golden("help-watch.txt", text({"watch", "--help"}));
    CHECK_EQ(text({"-h"}), text({"--help"}));
    CHECK_EQ(text({"observe", "-h"}), text({"observe", "--help"}));
}

TEST_CASE("help comes before complaints") {
    CHECK_EQ(text({"observe", "--duration", "rubbish", "--help"}), text({"observe", "--help"}));
    CHECK_EQ(text({"observe", "--rubbish", "--help"}), text({"observe", "--help"}));
}

TEST_CASE("help fits 100 columns and names every visible option") {
    for (const auto &help : {text({"--help"}), text({"observe", "--help"})}) {
        std::istringstream lines(help);
        for (std::string line; std::getline(lines, line);) {
            CHECK_LE(line.size(), 100);
            CHECK_FALSE(line.ends_with(' '));
        }
        CHECK(help.ends_with('\n'));
        for (const char *part :
             {"stdout", "stderr", "130", "Examples:", "brpath observe --netns lab-node --duration 10s",
              "brpath observe --format json --duration 10s | jq .findings"})
            CHECK(contains(help, part));
    }
    CHECK_FALSE(contains(text({"observe", "--help"}), "ready-fd"));
}

TEST_CASE("the examples in the help are accepted") {
    std::istringstream lines(text({"observe", "--help"}) + text({"doctor", "--help"}) +
                             text({"watch", "--help"}) + text({"--help"}));
    int examples = 0;

    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("  brpath "))
            continue;
        std::istringstream words(line.substr(9, line.find('|') - 9));
        std::vector<std::string> arguments;
        for (std::string word; words >> word;)
            arguments.push_back(word);
        std::vector<const char *> pointers(arguments.size());
        std::transform(arguments.begin(), arguments.end(), pointers.begin(),
                       [](const auto &argument) { return argument.c_str(); });
        CAPTURE(line);
        CHECK(parse_command_line(pointers));
        examples++;
    }
    CHECK_GE(examples, 8);
}

TEST_CASE("version") {
    CHECK(text({"--version"}).starts_with("brpath "));
    CHECK(text({"--version"}).ends_with("\n"));
}

namespace {

WatchOptions watch(std::initializer_list<const char *> arguments) {
    std::vector<const char *> all = {"watch"};
    all.insert(all.end(), arguments);
    const auto command = parse_command_line(all);

    REQUIRE_MESSAGE(command, (command ? "" : command.error().tried + ": " + command.error().why));
    REQUIRE(std::holds_alternative<WatchOptions>(*command));
    return std::get<WatchOptions>(*command);
}

} // namespace

TEST_CASE("watch: its options") {
    const auto none = watch({});
    CHECK(none.netns.empty());
    CHECK(none.guards.empty());
    CHECK_FALSE(none.guard_pin);
    CHECK(none.format == Format::table);

    const auto options = watch({"--netns", "node", "--format", "ndjson", "--output", "-", "--duration", "2s",
                                "-vv", "--guard", "net/bridge/bridge-nf-call-iptables=1", "--guard",
                                "bridge-nf-filter-vlan-tagged=0", "--guard-pin"});
    CHECK_EQ(options.netns, "node");
    CHECK(options.format == Format::ndjson);
    CHECK(options.output.empty());
    CHECK(options.duration == 2s);
    CHECK_EQ(options.verbosity, 2);
    CHECK(options.guard_pin);
    REQUIRE_EQ(options.guards.size(), 2);
    CHECK_EQ(options.guards[0].key, "net.bridge.bridge-nf-call-iptables");
    CHECK_EQ(options.guards[0].stays, 1);
    CHECK_EQ(options.guards[1].key, "net.bridge.bridge-nf-filter-vlan-tagged");
    CHECK_EQ(options.guards[1].stays, 0);
}

TEST_CASE("watch: what it refuses") {
    CHECK(contains(error({"watch", "--gard", "x"}).hint, "did you mean --guard"));
    CHECK(contains(error({"watch", "--guard", "bridge-nf-call-iptable=1"}).hint,
                   "did you mean net.bridge.bridge-nf-call-iptables"));
    CHECK(contains(error({"watch", "--guard", "bridge-nf-call-iptables=2"}).why, "0 or 1"));
    CHECK(contains(error({"watch", "--guard", "bridge-nf-call-iptables"}).why, "0 or 1"));
    CHECK(contains(error({"watch", "--guard", "bridge-nf-call-iptables=1", "--guard",
                          "net.bridge.bridge-nf-call-iptables=0"})
                       .why,
                   "already"));
    CHECK(contains(error({"watch", "--guard-pin"}).why, "no --guard"));
    CHECK(
        contains(error({"watch", "--guard-pin=1", "--guard", "bridge-nf-call-iptables=1"}).why, "no value"));
    CHECK(contains(error({"watch", "--format", "json"}).hint, "ndjson"));
    CHECK(contains(error({"watch", "--guard"}).why, "missing"));
    CHECK(contains(error({"--guard", "x=1"}).hint, "after the command: `brpath watch --guard"));
    CHECK(contains(error({"wach"}).hint, "brpath watch"));
    CHECK(contains(error({"watch", "observe"}).why, "takes options only"));
}

TEST_CASE("doctor: its options, and what does not go together") {
    const auto command =
        parse({"doctor", "--netns", "lab-node", "--bridge", "cni0", "--format", "json", "-v"});
    REQUIRE(command);
    const auto &options = std::get<DoctorOptions>(*command);
    CHECK(options.netns == "lab-node");
    CHECK(options.bridge == "cni0");
    CHECK(options.format == Format::json);
    CHECK(options.verbosity == 1);
    CHECK_FALSE(options.all_netns);
    CHECK(contains(error({"doctor", "--netns", "x", "--all-netns"}).why, "one namespace"));
    CHECK(contains(error({"doctor", "--format", "ndjson"}).hint, "json"));
    CHECK(contains(error({"doctor", "--all-nets"}).hint, "did you mean --all-netns"));
}
