// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/netns.hpp"

#include "util/printable.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <system_error>

namespace brpath {

namespace {

const char *const names_folder = "/run/netns";

// More would drown the message itself.
constexpr std::size_t names_in_hint_max = 10;

const char *const enter_hint = "entering a network namespace needs CAP_SYS_ADMIN: run as root";

bool is_permission(int errno_value) { return errno_value == EACCES || errno_value == EPERM; }

// The path leads nowhere, as against: what is there cannot be opened now.
bool is_absence(int errno_value) {
    return errno_value == ENOENT || errno_value == ENOTDIR || errno_value == ENAMETOOLONG ||
           errno_value == ELOOP || errno_value == ESRCH;
}

std::string hint_with_names() {
    const auto names = list_netns_names(names_folder);
    if (names.empty())
        return std::string("there is no name below ") + names_folder +
               "; a path such as /proc/PID/ns/net works too";
    std::string hint = std::string("below ") + names_folder + ": ";
    for (std::size_t i = 0; i < std::min(names.size(), names_in_hint_max); ++i)
        hint += (i == 0 ? "" : ", ") + printable(names[i]);
    if (names.size() > names_in_hint_max)
        hint += " and " + std::to_string(names.size() - names_in_hint_max) + " more";
    return hint;
}

Result<Netns> open_path(const std::string &path, std::string label, const std::string &tried) {
    // O_NONBLOCK: a FIFO named by mistake must not hold us up.
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) {
        const int reason = errno;
        if (is_absence(reason))
            return fail(ErrorKind::usage, tried, std::generic_category().message(reason), hint_with_names());
        return fail_errno(tried, reason, is_permission(reason) ? "run as root" : "");
    }
    if (::ioctl(fd.get(), NS_GET_NSTYPE) != CLONE_NEWNET)
        return fail(ErrorKind::usage, tried, "this is no network namespace", hint_with_names());
    struct stat status {};
    if (::fstat(fd.get(), &status) < 0)
        return fail_errno(tried, errno);
    return Netns{std::move(label), std::move(fd), static_cast<std::uint32_t>(status.st_ino)};
}

} // namespace

Result<Netns> current_netns() {
    // Not /proc/self: that is the main thread's, and threads may be in different ones.
    return open_path("/proc/thread-self/ns/net", "", "open the current network namespace");
}

Result<Netns> open_netns(const std::string &name_or_path) {
    const bool is_path = name_or_path.find('/') != std::string::npos;
    const std::string tried = "open network namespace '" + printable(name_or_path) + "'";
    return open_path(is_path ? name_or_path : names_folder + ("/" + name_or_path), name_or_path, tried);
}

Result<void> enter_netns(const Netns &netns) {
    if (::setns(netns.fd.get(), CLONE_NEWNET) == 0)
        return {};
    const int reason = errno;
    return fail_errno("enter network namespace '" + printable(netns.label) + "'", reason,
                      is_permission(reason) ? enter_hint : "");
}

std::optional<bool> is_first_netns(std::uint32_t inode) {
    const auto first = open_netns("/proc/1/ns/net");
    return first ? std::optional(first->inode == inode) : std::nullopt;
}

std::vector<std::string> list_netns_names(const std::string &folder) {
    namespace fs = std::filesystem;
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code ignored;
        if (!entry->is_directory(ignored))
            names.push_back(entry->path().filename().string());
    }
    std::ranges::sort(names);
    return names;
}

namespace detail {

Result<WayBack> enter_for_a_while(const Netns &netns) {
    auto origin = current_netns();
    if (!origin)
        return Failure(origin.error());
    if (origin->inode == netns.inode) // which would take CAP_SYS_ADMIN, too
        return WayBack(UniqueFd());
    if (auto entered = enter_netns(netns); !entered)
        return Failure(entered.error());
    return WayBack(std::move(origin->fd));
}

WayBack::~WayBack() {
    if (!origin_ || ::setns(origin_.get(), CLONE_NEWNET) == 0)
        return;
    std::perror("brpath: cannot return to the network namespace it came from");
    std::abort();
}

} // namespace detail

} // namespace brpath
