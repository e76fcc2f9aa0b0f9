// SPDX-License-Identifier: BSD-2-Clause
#include "app/sink.hpp"

#include "util/printable.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

namespace brpath {

Result<Sink> Sink::open(const std::string &path, Existing existing) {
    UniqueFd file;

    if (!path.empty()) {
        const int append = existing == Existing::kept ? O_APPEND : 0;
        file = UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | append, 0644));
        if (!file) {
            auto failure = fail_errno(fmt::format("open {} for the results", printable(path)), errno,
                                      "name a file in a folder that exists and that you may write");
            failure.value().kind = ErrorKind::usage;
            return failure;
        }
    }
    return Sink(std::move(file), existing);
}

int Sink::fd() const { return file_ ? file_.get() : STDOUT_FILENO; }

Result<void> Sink::write(const std::string &text, StopSignals &signals) {
    std::size_t written = 0;

    if (file_ && std::exchange(existing_, Existing::kept) == Existing::replaced && ftruncate(fd(), 0) &&
        errno != EINVAL)
        return fail_errno("empty the results file", errno); // EINVAL: a pipe or a device, which has no length
    while (written < text.size() && !closed_) {
        if (!signals.wait_writable(fd()))
            return {};
        // no more than a pipe takes at once, so that a write never waits
        const auto size = std::min<std::size_t>(text.size() - written, PIPE_BUF);
        const auto step = ::write(fd(), text.data() + written, size);
        if (step >= 0)
            written += static_cast<std::size_t>(step);
        else if (errno == EPIPE)
            closed_ = true;
        else if (errno != EINTR && errno != EAGAIN)
            return fail_errno("write the results", errno);
    }
    return {};
}

} // namespace brpath
