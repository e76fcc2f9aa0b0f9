// SPDX-License-Identifier: BSD-2-Clause
// Which source says whose an address is, and whether that fits the port it is seen at.
#pragma once

#include "names/records.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace brpath {

// Addresses are given again: to another pod, at another port. So a claim is believed at one port only: that
// of its record, else the first one at which its address is seen. Claims that nobody upholds any more are
// kept, for the frames of what is gone.
class Claims {
  public:
    using Clock = std::chrono::steady_clock;
    // The bridge port's ifindex that a record is behind; 0 if that cannot be told.
    using FindPort = std::function<std::uint32_t(const NameRecord &)>;

    // What source number `source` says now instead of what it said before. An address with two different
    // names in one source is nobody's.
    void renew(std::size_t source, const NameSet &names, const FindPort &find_port);

    // Of more than `most` addresses those that no source claims any more are forgotten.
    void make_room(std::size_t most = 65536);

    // Where and when an address is seen.
    struct Sighting {
        std::uint32_t port = 0; // 0: not known
        bool is_there = true;   // a port that is gone is no place to see an address for the first time
        Clock::time_point now{};
        Clock::time_point as_of{}; // when the source last looked
    };

    // Who has the address as that source knows it. A claim that is upheld while its address is seen at
    // another port than before is believed again once the source has looked five seconds later: by then it
    // would have told of a move. nullptr: nobody, or not there.
    const std::string *find(std::size_t source, std::string_view address, const Sighting &seen);
    // The same among the claims that are kept; only of addresses that were seen at a port.
    [[nodiscard]] const std::string *find_gone(std::size_t source, std::string_view address,
                                               std::uint32_t port) const;

    // Some address was seen at another port: a later answer may be another one though no source said more.
    [[nodiscard]] bool has_doubts() const { return has_doubts_; }
    [[nodiscard]] std::size_t size() const { return by_address_.size(); }

  private:
    struct Claim {
        std::string name;
        std::string instance;
        std::uint32_t port = 0;
        bool is_told = false; // the port is the record's, not only seen
        bool is_upheld = true;
        std::optional<Clock::time_point> doubted; // since when it is seen at another port
    };
    using BySource = std::map<std::size_t, Claim>;

    std::map<std::string, BySource, std::less<>> by_address_;
    bool has_doubts_ = false;
};

} // namespace brpath
