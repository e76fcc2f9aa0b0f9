// SPDX-License-Identifier: BSD-2-Clause
#include "app/signals.hpp"

#include "app/exit_status.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace brpath {

namespace {

extern "C" void end_at_once(int) { _exit(static_cast<int>(ExitStatus::interrupted)); }

void let_second_one_end() {
    sigset_t stop;

    std::signal(SIGINT, end_at_once);
    sigemptyset(&stop);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP})
        sigaddset(&stop, signal);
    pthread_sigmask(SIG_UNBLOCK, &stop, nullptr);
}

} // namespace

Result<StopSignals> StopSignals::make() {
    sigset_t stop;

    sigemptyset(&stop);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP})
        sigaddset(&stop, signal);
    std::signal(SIGPIPE, SIG_IGN);
    if (const int error = pthread_sigmask(SIG_BLOCK, &stop, nullptr))
        return fail_errno("block signals", error);
    UniqueFd fd(signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd)
        return fail_errno("open a signalfd", errno);
    return StopSignals(std::move(fd));
}

bool StopSignals::take_signal() {
    signalfd_siginfo signal{};

    if (read(fd_.get(), &signal, sizeof(signal)) != sizeof(signal))
        return false;
    stopped_ = true;
    let_second_one_end();
    return true;
}

bool StopSignals::wait(std::chrono::milliseconds at_most, int other) {
    pollfd readable[] = {{fd_.get(), POLLIN, 0}, {other, POLLIN, 0}};

    if (stopped_)
        return true;
    const auto timeout = std::clamp<std::chrono::milliseconds::rep>(at_most.count(), 0, 1000);
    return poll(readable, 2, static_cast<int>(timeout)) > 0 && readable[0].revents && take_signal();
}

bool StopSignals::wait_writable(int fd) {
    for (;;) {
        pollfd waited[] = {{fd, POLLOUT, 0}, {stopped_ ? -1 : fd_.get(), POLLIN, 0}};
        if (poll(waited, 2, -1) < 0)
            continue; // EINTR: a handler that did not end the process
        if (waited[0].revents)
            return true; // writable, or in a state that write() will name
        if (waited[1].revents && take_signal())
            return false;
    }
}

} // namespace brpath
