// SPDX-License-Identifier: BSD-2-Clause
// Who is behind a port or an address.
#pragma once

#include "util/result.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace brpath {

// Names are safe to print: control characters and invalid UTF-8 are replaced (util/printable.hpp).
struct PortName {
    std::string device; // "veth-cart"; "ifindex 7" if it was never seen
    std::string bridge; // the bridge it belongs to; empty if unknown
    std::uint32_t bridge_ifindex = 0;
    std::string endpoint; // the network namespace that the port's veth leads to; empty if unknown
};

// What is known now. Ports that are gone are kept, thousands of them: a summary may still speak of them.
class Names {
  public:
    // Reads the devices of the calling thread's namespace and the namespaces below /run/netns. A later call
    // adds and renews. Without CAP_SYS_ADMIN no addresses are learnt, which is no
    // error.
    Result<void> refresh();

    // A file in the format of hosts(5). Error (usage, with file and line number) at the first broken line.
    Result<void> load_file(const std::string &path);

    // nullptr if a port with this ifindex was never seen.
    [[nodiscard]] const PortName *port(std::uint32_t ifindex) const;

    // By the names file alone.
    [[nodiscard]] std::optional<std::string> given(std::string_view ip) const;

    // By the names file first, then by the addresses inside the named namespaces that our devices lead to; an
    // address that two of those have is nobody's. `ip` as inet_ntop writes it.
    [[nodiscard]] std::optional<std::string> address(std::string_view ip) const;

  private:
    std::map<std::uint32_t, PortName> ports_;
    std::map<std::string, std::string, std::less<>> from_file_;
    std::map<std::string, std::string, std::less<>> from_namespaces_;
};

// The content of a hosts(5) file: canonical address to its first name. `label` stands for the file in errors.
Result<std::map<std::string, std::string, std::less<>>> parse_hosts(std::string_view text,
                                                                    const std::string &label);

} // namespace brpath
