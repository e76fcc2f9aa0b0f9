// SPDX-License-Identifier: BSD-2-Clause
// Prints what the source of names "rules" knows in the network namespace that it runs in, as JSON lines: the
// state first, then a line for each Service. With --follow it asks again for each line that it reads; the
// Services follow only if they are not the same ones as before.
#include "services/rules_source.hpp"

#include <chrono>
#include <cstring>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

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

using Names = std::shared_ptr<const brpath::NameSet>;

// The names, to tell the next ones from.
Names print(brpath::NameSource &source, const Names &before) {
    const auto begin = std::chrono::steady_clock::now();
    const auto report = source.report();
    const auto took = std::chrono::steady_clock::now() - begin;
    const bool is_same = report.names == before;
    std::cout << nlohmann::json{{"source", source.id()},
                                {"state", word(report.state)},
                                {"why", report.why},
                                {"same", is_same},
                                {"services", report.names->services.size()},
                                {"microseconds",
                                 std::chrono::duration_cast<std::chrono::microseconds>(took).count()}}
              << '\n';
    if (!is_same)
        for (const auto &service : report.names->services)
            std::cout << nlohmann::json{{"name", service.name},
                                        {"address", service.address},
                                        {"port", service.port},
                                        {"protocol", service.protocol}}
                      << '\n';
    std::cout.flush();
    return report.names;
}

} // namespace

int main(int count, char **arguments) {
    brpath::RulesSource source;
    Names names = print(source, nullptr);
    if (count > 1 && std::strcmp(arguments[1], "--follow") == 0)
        for (std::string line; std::getline(std::cin, line);)
            names = print(source, names);
}
