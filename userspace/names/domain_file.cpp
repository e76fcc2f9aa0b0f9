// SPDX-License-Identifier: BSD-2-Clause
#include "names/domain_file.hpp"

#include "util/printable.hpp"

#include <array>
#include <string>
#include <utility>

namespace brpath {

namespace {

constexpr std::size_t name_bytes_max = 253;

// What stands between two texts; what is read goes from `xml`. Empty if they are not there.
std::string_view take_between(std::string_view &xml, std::string_view begin, std::string_view end) {
    const auto from = xml.find(begin);
    if (from == std::string_view::npos)
        return {};
    const auto to = xml.find(end, from + begin.size());
    if (to == std::string_view::npos)
        return {};
    const auto found = xml.substr(from + begin.size(), to - from - begin.size());
    xml.remove_prefix(to + end.size());
    return found;
}

std::string_view between(std::string_view xml, std::string_view begin, std::string_view end) {
    return take_between(xml, begin, end);
}

// An attribute's value, in an element of which `element` is the beginning: "<target ".
std::string_view attribute(std::string_view xml, std::string_view element, const std::string &name) {
    const auto inside = between(xml, element, ">");
    for (const char *quote : {"'", "\""})
        if (const auto value = between(inside, name + "=" + quote, quote); !value.empty())
            return value;
    return {};
}

std::string decoded(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, char>, 5> entities = {
        {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&amp;", '&'}}};
    std::string plain;

    while (!text.empty()) {
        char next = text.front();
        std::size_t length = 1;
        for (const auto &[entity, meant] : entities)
            if (text.starts_with(entity)) {
                next = meant;
                length = entity.size();
            }
        plain += next;
        text.remove_prefix(length);
    }
    return plain;
}

} // namespace

bool parse_domain(std::string_view xml, std::vector<NameRecord> &records) {
    const auto domain = between(xml, "<domain ", "</domain>");
    const auto name = between(domain, "<name>", "</name>");
    if (name.empty() || name.size() > name_bytes_max)
        return false;
    auto rest = domain;
    for (;;) {
        const auto interface = take_between(rest, "<interface ", "</interface>");
        if (interface.empty())
            return true;
        const auto device = attribute(interface, "<target ", "dev");
        const auto mac = attribute(interface, "<mac ", "address");
        if (!device.empty() && device.size() < 16) // IFNAMSIZ
            records.push_back(
                {printable(decoded(name)), printable(device), printable(mac.substr(0, 17)), {}, 0});
    }
}

} // namespace brpath
