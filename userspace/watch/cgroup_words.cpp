// SPDX-License-Identifier: BSD-2-Clause
#include "watch/cgroup_words.hpp"

#include "util/printable.hpp"

#include <algorithm>
#include <filesystem>

namespace brpath {

namespace {

constexpr std::size_t id_letters = 64;
constexpr std::size_t shown_letters = 12;
constexpr std::size_t uid_letters = 36;

bool is_hex(std::string_view text) {
    return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// "docker-ID.scope" or "ID": the id; empty if there is none.
std::string container_in(std::string_view part) {
    if (part.ends_with(".scope"))
        part.remove_suffix(6);
    if (const auto dash = part.rfind('-'); dash != std::string_view::npos)
        part.remove_prefix(dash + 1);
    return part.size() == id_letters && is_hex(part) ? std::string(part.substr(0, shown_letters))
                                                     : std::string();
}

// "kubepods-burstable-podUID.slice", where systemd has underscores in place of dashes, or "podUID".
std::string pod_in(std::string_view part) {
    if (part.ends_with(".slice"))
        part.remove_suffix(6);
    const auto found = part.rfind("pod");
    if (found == std::string_view::npos || (found > 0 && part[found - 1] != '-'))
        return {};
    std::string uid(part.substr(found + 3));
    std::replace(uid.begin(), uid.end(), '_', '-');
    return uid.size() == uid_letters ? printable(uid) : std::string();
}

bool is_unit(std::string_view part) { return part.ends_with(".service") || part.ends_with(".scope"); }

} // namespace

CgroupWords cgroup_words(std::string_view path) {
    CgroupWords words;

    while (!path.empty()) {
        const auto end = std::min(path.find('/'), path.size());
        const auto part = path.substr(0, end);
        path.remove_prefix(std::min(end + 1, path.size()));
        if (is_unit(part))
            words.unit = printable(part);
        if (auto container = container_in(part); !container.empty())
            words.container = std::move(container);
        if (auto pod = pod_in(part); !pod.empty())
            words.pod_uid = std::move(pod);
    }
    return words;
}

std::string pod_name(const std::string &uid, const std::string &folder) {
    namespace fs = std::filesystem;
    std::error_code error;

    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        const auto name = entry->path().filename().string();
        const auto first = name.find('_');
        const auto last = name.rfind('_');
        if (first < last && last != std::string::npos && name.substr(last + 1) == uid)
            return printable(name.substr(0, first) + "/" + name.substr(first + 1, last - first - 1));
    }
    return uid;
}

} // namespace brpath
