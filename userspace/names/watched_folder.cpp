// SPDX-License-Identifier: BSD-2-Clause
#include "names/watched_folder.hpp"

#include "kernel/read_file.hpp"

#include <cerrno>
#include <ctime>
#include <dirent.h>
#include <memory>
#include <set>
#include <sys/stat.h>
#include <utility>

namespace brpath {

namespace {

constexpr std::size_t files_max = 16384;
constexpr std::size_t bytes_max = std::size_t{1} << 20;
// A folder's time is as coarse as the kernel's tick, or a network file system's second: what comes right
// after a look may leave it as it was.
constexpr std::int64_t settle_seconds = 2;

struct CloseFolder {
    void operator()(DIR *folder) const { ::closedir(folder); }
};

} // namespace

WatchedFolder::WatchedFolder(std::string path, Parse parse)
    : path_(std::move(path)), parse_(std::move(parse)) {}

WatchedFolder::Stamp WatchedFolder::stamp_of(const struct ::stat &status) {
    return {status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ino, status.st_size};
}

bool WatchedFolder::look() {
    struct stat status {};

    if (::stat(path_.c_str(), &status) != 0) {
        error_ = errno;
        stamp_ = {};
        is_settled_ = false;
        return !std::exchange(files_, {}).empty();
    }
    const Stamp stamp = stamp_of(status);
    if (stamp == stamp_ && is_settled_)
        return retry_broken();
    is_settled_ = std::time(nullptr) - stamp.seconds > settle_seconds;
    stamp_ = stamp;
    return list();
}

bool WatchedFolder::list() {
    const std::unique_ptr<DIR, CloseFolder> folder(::opendir(path_.c_str()));
    if (!folder) {
        error_ = errno;
        stamp_ = {};
        return false;
    }
    error_ = 0;
    std::set<std::string> seen;
    bool changed = false;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this thread's own
    while (const dirent *entry = ::readdir(folder.get())) {
        if (entry->d_name[0] == '.' || seen.size() == files_max)
            continue;
        const auto [place, is_new] = files_.try_emplace(entry->d_name);
        seen.insert(entry->d_name);
        changed = read(place->first, place->second) || changed;
    }
    const auto gone = std::erase_if(files_, [&](const auto &file) { return !seen.contains(file.first); });
    return changed || gone > 0;
}

// True if it says something else than before.
bool WatchedFolder::read(const std::string &name, File &file) {
    const std::string path = path_ + "/" + name;
    struct stat status {};

    if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
        file = {{}, true, {}};
        return false;
    }
    const Stamp stamp = stamp_of(status);
    if (file.stamp == stamp)
        return false;
    NameSet names;
    const auto content = read_file(path, bytes_max);
    file.is_good = content && parse_(name, *content, names);
    // One that was written to while it was read is read again.
    file.stamp = stamp;
    if (!file.is_good)
        return false; // what it said before holds until it says something else
    return std::exchange(file.names, std::move(names)) != file.names;
}

// A folder's time does not tell that a file in it has been written to its end.
bool WatchedFolder::retry_broken() {
    bool changed = false;

    for (auto &[name, file] : files_)
        if (!file.is_good)
            changed = read(name, file) || changed;
    return changed;
}

void WatchedFolder::append_to(NameSet &names) const {
    for (const auto &[name, file] : files_) {
        const NameSet &said = file.names;
        names.endpoints.insert(names.endpoints.end(), said.endpoints.begin(), said.endpoints.end());
        names.services.insert(names.services.end(), said.services.begin(), said.services.end());
    }
}

} // namespace brpath
