// SPDX-License-Identifier: BSD-2-Clause
// Prints what the source of names "rules" knows in the network namespace that it runs in, as JSON lines: the
// state first, then a line for each Service. With --again it asks a second time, and says on stderr how many
// microseconds both took and whether the names are the same ones.
#include "services/rules_source.hpp"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <nlohmann/json.hpp>
#include <utility>

namespace {

const char *word(brpath::SourceReport::State state) {
    switch (state) {
    case brpath::SourceReport::State::absent:
        return "absent";
    case brpath::SourceReport::State::up:
        return "up";
    case brpath::SourceReport::State::down:
        break;
    }
    return "down";
}

std::pair<brpath::SourceReport, long> ask(brpath::NameSource &source) {
    const auto begin = std::chrono::steady_clock::now();
    auto report = source.report();
    const auto took = std::chrono::steady_clock::now() - begin;
    return {std::move(report), std::chrono::duration_cast<std::chrono::microseconds>(took).count()};
}

} // namespace

int main(int count, char **arguments) {
    brpath::RulesSource source;
    const auto [report, first] = ask(source);
    std::cout << nlohmann::json{{"source", source.id()}, {"state", word(report.state)}, {"why", report.why}}
              << '\n';
    for (const auto &service : report.names->services)
        std::cout << nlohmann::json{{"name", service.name},
                                    {"address", service.address},
                                    {"port", service.port},
                                    {"protocol", service.protocol}}
                  << '\n';
    if (count > 1 && std::strcmp(arguments[1], "--again") == 0) {
        const auto [again, second] = ask(source);
        std::fprintf(stderr, "%ld %ld %s\n", first, second, again.names == report.names ? "same" : "other");
    }
}
