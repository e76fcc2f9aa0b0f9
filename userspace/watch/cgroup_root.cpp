// SPDX-License-Identifier: BSD-2-Clause
#include "watch/cgroup_root.hpp"

#include "util/printable.hpp"

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/mount.h>
#include <unistd.h>
#include <vector>

namespace brpath {

namespace {

// The mount point of the first one; empty: there is none. proc(5): after the separator "-" stands the type.
std::string find_mount(const std::string &mountinfo) {
    std::ifstream file(mountinfo);

    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::vector<std::string> fields;
        for (std::string word; words >> word;)
            fields.push_back(word);
        for (std::size_t i = 6; i + 1 < fields.size(); i++)
            if (fields[i] == "-" && fields[i + 1] == "cgroup2")
                return fields[4];
    }
    return {};
}

Result<UniqueFd> mount_unseen() {
    const std::string tried = "mount the unified hierarchy of control groups for brpath alone";
    const UniqueFd context(fsopen("cgroup2", FSOPEN_CLOEXEC));

    if (!context || fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0))
        return fail_errno(tried, errno, "mount it: mount -t cgroup2 cgroup2 /sys/fs/cgroup");
    UniqueFd mount(fsmount(context.get(), FSMOUNT_CLOEXEC, 0));
    if (!mount)
        return fail_errno(tried, errno, "mount it: mount -t cgroup2 cgroup2 /sys/fs/cgroup");
    return mount;
}

} // namespace

Result<CgroupRoot> CgroupRoot::open(const std::string &mountinfo) {
    const auto place = find_mount(mountinfo);

    UniqueFd mount;

    if (place.empty()) {
        auto own = mount_unseen();
        if (!own)
            return Failure(own.error());
        mount = std::move(*own);
    }
    // Not the mount's own descriptor, which is one of a path only: open_by_handle_at() does not take it.
    UniqueFd fd(openat(mount.get(), place.empty() ? "." : place.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd)
        return fail_errno("open " + (place.empty() ? "the root of control groups" : printable(place)), errno);
    return CgroupRoot(std::move(mount), std::move(fd), place);
}

std::string CgroupRoot::path_of(std::uint64_t id) const {
    constexpr int kernfs_handle = 0xfe; // FILEID_KERNFS, include/linux/exportfs.h, since v5.5
    alignas(file_handle) std::array<char, sizeof(file_handle) + sizeof(id)> bytes{};
    auto *handle = reinterpret_cast<file_handle *>(bytes.data());
    std::array<char, PATH_MAX> path{};

    handle->handle_bytes = sizeof(id);
    handle->handle_type = kernfs_handle;
    std::memcpy(bytes.data() + sizeof(file_handle), &id, sizeof(id));
    const UniqueFd group(open_by_handle_at(fd_.get(), handle, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!group)
        return {};
    const auto link = "/proc/self/fd/" + std::to_string(group.get());
    const auto length = readlink(link.c_str(), path.data(), path.size());
    if (length <= 0)
        return {};
    std::string text(path.data(), static_cast<std::size_t>(length));
    if (!place_.empty() && text.starts_with(place_))
        text.erase(0, place_.size());
    return text.empty() ? "/" : text;
}

} // namespace brpath
