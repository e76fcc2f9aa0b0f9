// SPDX-License-Identifier: BSD-2-Clause
#include "model/finding_text.hpp"

#include <fmt/format.h>

namespace brpath {

std::string label(const Endpoint &endpoint) { return endpoint.name.empty() ? endpoint.ip : endpoint.name; }

std::string address_and_port(const Service &service) {
    return fmt::format(fmt::runtime(is_ipv6(service.ip) ? "[{}]:{}" : "{}:{}"), service.ip, service.port);
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

std::string label(const Who &who) {
    const auto login = who.login_user.empty() ? "" : ", login " + who.login_user;

    return fmt::format("{} (pid {}, user {}{})", who.command.empty() ? who.name : who.command, who.pid,
                       who.user, login);
}

bool is_ipv6(std::string_view ip) { return ip.find(':') != std::string_view::npos; }

bool is_ipv6(const Pair &pair) { return is_ipv6(pair.client.ip); }

namespace {

constexpr std::size_t shown_max = 3;

} // namespace

void NameList::add(const std::string &name) {
    if (known_.insert(name).second && shown_.size() < shown_max)
        shown_.push_back(name);
}

std::string NameList::text() const {
    auto text = fmt::format("{}", fmt::join(shown_, ", "));

    if (known_.size() > shown_.size())
        text += fmt::format(" and {} more", known_.size() - shown_.size());
    return text;
}

} // namespace brpath
