// SPDX-License-Identifier: BSD-2-Clause
// Takes the counts out of the kernel, none of them lost and none of them twice.
#pragma once

#include "probe/grace_period.hpp"
#include "probe/handles.hpp"
#include "probe/mapped_array.hpp"
#include "probe/session.hpp"
#include "util/result.hpp"

#include <array>
#include <brpath/abi.h>
#include <cstdint>
#include <memory>
#include <vector>

namespace brpath {

struct FlowCounts {
    brpath_flow_key key;
    brpath_flow flow;
};

// Everything that was counted since the harvest before, up to one moment.
struct Harvest {
    // No counts; to be learned before anything is counted, because a CPU may report a reply before another
    // one reports its request.
    std::vector<FlowCounts> translations;
    std::vector<FlowCounts> flows; // translated ones first, later fragments last; in between TCP's SYNs first
    brpath_totals totals{};        // increments, summed over CPUs
    // Frames that are the last of their CPU and have ended without another one to say so. In a harvest while
    // observing they are not in `flows` and will be in a later one; after finish() nothing else counts them.
    std::vector<FlowCounts> last_frames;
};

class Collector {
  public:
    static Result<Collector> make(AttachedSession &session);

    // Empties the ring buffer into memory. Cheap; to be called often enough that it does not fill.
    Result<void> consume_ring();

    // Ends the current generation and returns all that belongs to it. Waits until no program can add to it.
    Result<Harvest> harvest();

    // Stops recording and returns all that is left.
    Result<Harvest> finish();

  private:
    // Records as they came, of the current generation and perhaps of the next.
    struct Inbox {
        std::vector<brpath_record> records;
    };

    Collector(AttachedSession &session, MappedArray<brpath_cpu> &&cpus,
              MappedArray<brpath_recent_flows> &&recent);

    static int receive(void *inbox, void *data, std::size_t size);

    Result<void> end_generation();
    Result<void> take_table(std::vector<FlowCounts> &flows) const;
    void take_recent(std::vector<FlowCounts> &flows) const;
    void take_records(Harvest &harvest);
    void take_totals(Harvest &harvest, const std::vector<brpath_cpu> &cpus);
    void take_last_frames(Harvest &harvest, const std::vector<brpath_cpu> &before,
                          const std::vector<brpath_cpu> &after) const;
    static void sort_flows(Harvest &harvest);

    AttachedSession *session_;
    ProbeMaps maps_;
    MappedArray<brpath_cpu> cpus_;
    MappedArray<brpath_recent_flows> recent_; // per CPU and parity
    GracePeriod grace_period_;
    std::uint32_t generation_ = 1;                          // the one being filled; 0 is none
    std::array<std::vector<brpath_totals>, 2> totals_seen_; // per parity and CPU
    std::unique_ptr<Inbox> inbox_;                          // on the heap: the ring keeps its address
    RingBufferHandle ring_;
};

} // namespace brpath
