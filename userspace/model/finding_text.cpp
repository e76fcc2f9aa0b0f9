// SPDX-License-Identifier: BSD-2-Clause
#include "model/finding_text.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace brpath {

std::string label(const Endpoint &endpoint) { return endpoint.name.empty() ? endpoint.ip : endpoint.name; }

std::string address_and_port(const Service &service) {
    const bool ipv6 = service.ip.find(':') != std::string::npos;

    return fmt::format(fmt::runtime(ipv6 ? "[{}]:{}" : "{}:{}"), service.ip, service.port);
}

std::string label(const Service &service) {
    return service.name.empty() ? address_and_port(service)
                                : fmt::format("{} ({})", service.name, address_and_port(service));
}

std::string label(const Pair &pair) {
    auto text = fmt::format("{} to {} over {}", label(pair.client), label(pair.server), pair.protocol);

    if (pair.service)
        text += fmt::format(" through {}", label(*pair.service));
    return text;
}

std::string join_some(const std::vector<std::string> &names) {
    constexpr std::size_t shown = 3;
    std::string joined;

    for (std::size_t i = 0; i < std::min(names.size(), shown); i++)
        joined += (i ? ", " : "") + names[i];
    if (names.size() > shown)
        joined += fmt::format(" and {} more", names.size() - shown);
    return joined;
}

void add_unique(std::vector<std::string> &names, const std::string &name) {
    if (std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(name);
}

} // namespace brpath
