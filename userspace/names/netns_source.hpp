// SPDX-License-Identifier: BSD-2-Clause
// Names of the network namespaces that our devices lead to.
#pragma once

#include "kernel/link_events.hpp"
#include "kernel/links.hpp"
#include "names/source.hpp"
#include "util/pace.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace brpath {

// A namespace with a name, at the other end of one of our devices.
struct Neighbour {
    std::string name; // safe to print
    std::vector<std::string> addresses;
};

// By the number that our namespace has for it (Link::peer_namespace).
using Neighbours = std::map<std::int32_t, Neighbour>;

// The namespace behind a device: of those pairs whose other end is an endpoint's own device. A tunnel's or a
// VLAN device's other namespace is not where its frames end.
std::optional<std::int32_t> namespace_behind(const Link &link);

// What devices and the namespaces behind them tell; asks nobody. Addresses of a namespace behind several
// ports are told with the first of them.
NameSet names_of(const std::vector<Link> &links, const Neighbours &neighbours);

// Entering every namespace takes half a second where there are a thousand pods: it is done when devices or
// names have changed, in at most 2 % of the time, and now and then for addresses that moved inside. What
// cannot be entered (without CAP_SYS_ADMIN) is left out, which is no error.
class NetnsSource : public NameSource {
  public:
    // `folder` is where `ip netns` has its names.
    explicit NetnsSource(std::string folder) : folder_(std::move(folder)) {}

    [[nodiscard]] const char *id() const override { return "netns"; }
    [[nodiscard]] SourceReport report() override;
    void hurry() override { is_last_ = true; }

  private:
    std::string folder_;
    LinkEvents events_;
    Pace after_events_{50};
    Pace without_{500};
    bool has_events_ = true;
    bool is_last_ = false;
    SourceReport report_;
};

} // namespace brpath
