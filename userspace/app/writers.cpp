// SPDX-License-Identifier: BSD-2-Clause
#include "app/writers.hpp"

#include <fmt/format.h>
#include <utility>

namespace brpath {

Writers Writers::open() {
    Writers writers;
    auto log = WatchedNamespaces::open("/proc/thread-self/ns/net").and_then([](WatchedNamespaces &&own) {
        return ChangeLog::start(std::move(own), {});
    });

    if (log)
        writers.log_ = std::move(*log);
    else
        writers.why_not_ = fmt::format("cannot {}: {}", log.error().tried, log.error().why);
    return writers;
}

std::vector<Change> Writers::take() {
    if (!log_)
        return {};
    auto changes = log_->take(Rescan::no);
    if (changes)
        return std::move(*changes);
    why_not_ = fmt::format("cannot {}: {}", changes.error().tried, changes.error().why);
    log_.reset();
    return {};
}

} // namespace brpath
