// SPDX-License-Identifier: BSD-2-Clause
// Bridges, ports and the setting in the observed namespace, as they are.
#pragma once

#include "kernel/link_events.hpp"
#include "kernel/links.hpp"
#include "kernel/settings.hpp"
#include "model/summary.hpp"
#include "util/result.hpp"

#include <brpath/abi.h>
#include <cstdint>
#include <string>
#include <vector>

namespace brpath {

class SystemView {
  public:
    // Reads the sysctls, and the devices if the kernel announced something about them: with a thousand pods
    // listing them takes some ten milliseconds. True: devices came, went or changed. Always called from the
    // observed namespace.
    Result<bool> refresh();

    // Reads the sysctls only; a handful of small files.
    void poll_setting();

    [[nodiscard]] const std::vector<Link> &links() const { return links_; }
    [[nodiscard]] std::vector<Link> bridges() const;
    [[nodiscard]] std::vector<BridgeSummary> summarise(const std::string &only_bridge) const;
    [[nodiscard]] const NamespaceSettings &settings() const { return settings_; }
    [[nodiscard]] bool module_present() const { return settings_.module_present; }

    // The sysctls as they are.
    [[nodiscard]] brpath_setting namespace_setting(bool ipv6) const;
    // Some bridge has nf_call_iptables or nf_call_ip6tables of its own.
    [[nodiscard]] bool has_bridge_attributes() const;

  private:
    LinkEvents events_;
    bool links_are_old_ = true; // the last attempt to list them failed
    std::vector<Link> links_;
    NamespaceSettings settings_;
};

} // namespace brpath
