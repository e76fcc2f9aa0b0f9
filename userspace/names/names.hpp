// SPDX-License-Identifier: BSD-2-Clause
// Who is behind a port or an address, and which Service an address and port are.
#pragma once

#include "kernel/links.hpp"
#include "names/claims.hpp"
#include "names/mac_ports.hpp"
#include "names/port_names.hpp"
#include "names/source.hpp"
#include "util/result.hpp"
#include "util/trusted_name.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace brpath {

struct SourceStatus {
    std::string id;
    SourceReport report;
};

// What is known now, and of what is gone. The sources stand in the order of trust.
class Names {
  public:
    using Clock = std::chrono::steady_clock;

    Names() = default;
    explicit Names(std::vector<std::unique_ptr<NameSource>> sources);

    // A file in the format of hosts(5). Error (usage, with file and line number) at the first broken line.
    Result<void> load_file(const std::string &path);

    // The devices of the observed namespace. Ports that are gone are kept, thousands of them: a summary may
    // still speak of them.
    void learn_ports(const std::vector<Link> &links);

    // Some source knows an endpoint by its MAC and not by its port, so that learn_macs() is of use.
    [[nodiscard]] bool wants_macs() const { return !wanted_macs_.empty(); }

    // What the bridges of the observed namespace have learned (NeighbourTable::forwarding).
    void learn_macs(const std::vector<NeighbourEntry> &learned, Clock::time_point now = Clock::now());

    // Asks every source. Called from the observed namespace.
    void refresh(Clock::time_point now = Clock::now());

    // The next refresh is the last one (NameSource::hurry).
    void hurry();

    // Grows whenever an answer of endpoint() may be another one than before.
    [[nodiscard]] std::uint64_t version() const { return version_; }

    // nullptr if a port with this ifindex was never seen.
    [[nodiscard]] const PortName *port(std::uint32_t ifindex) const;

    // Who has this address (as inet_ntop writes it) at this bridge port (0: not known). The names file first,
    // then each source in its order: by the port's device or MAC, then by the address; at last by the
    // addresses of what is gone.
    TrustedName endpoint(std::string_view ip, std::uint32_t port_ifindex);

    // The Service at an address that clients mean; empty if no source has it.
    [[nodiscard]] std::string service(const std::string &ip, std::uint16_t port, std::uint8_t protocol);

    // As of the last refresh.
    [[nodiscard]] std::vector<SourceStatus> sources() const;

  private:
    using ServiceKey = std::tuple<std::string, std::uint16_t, std::uint8_t>;

    [[nodiscard]] bool is_own(const std::string &ip) const;
    [[nodiscard]] TrustedName network(std::string_view ip) const;
    [[nodiscard]] std::uint32_t find_port(const NameRecord &record, Clock::time_point said) const;
    void learn_endpoints(std::size_t source);
    void learn_services();
    void learn_wanted_macs();

    struct Asked {
        std::unique_ptr<NameSource> source;
        SourceReport report;
    };

    std::vector<Asked> sources_;
    std::map<std::string, std::string, std::less<>> from_file_;
    PortNames ports_;
    std::map<std::string, std::uint32_t, std::less<>> devices_; // ports that are there
    MacPorts macs_;
    Claims claims_;
    std::map<ServiceKey, std::string> services_;
    Clock::time_point now_{};
    std::uint64_t version_ = 0;
    bool ports_are_new_ = false;
    std::set<std::string, std::less<>> wanted_macs_; // of records that have no port
};

// The content of a hosts(5) file: canonical address to its first name. `label` stands for the file in errors.
Result<std::map<std::string, std::string, std::less<>>> parse_hosts(std::string_view text,
                                                                    const std::string &label);

} // namespace brpath
