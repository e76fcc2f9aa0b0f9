// SPDX-License-Identifier: BSD-2-Clause
#include "names/folder_source.hpp"

#include "names/cni_result.hpp"
#include "names/domain_file.hpp"
#include "util/printable.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fmt/format.h>
#include <functional>
#include <iterator>
#include <map>
#include <system_error>
#include <utility>

namespace brpath {

namespace {

constexpr std::size_t folders_max = 256; // networks of one node

bool parse_cni_file(const std::string & /*name*/, const std::string &content, NameSet &names) {
    auto result = parse_cni_result(content);
    if (!result)
        return false;
    if (!result->endpoint.name.empty())
        names.endpoints.push_back(std::move(result->endpoint));
    std::move(result->services.begin(), result->services.end(), std::back_inserter(names.services));
    return true;
}

// The file's name is the address; it holds the container's id and, in newer versions, its interface.
bool parse_reservation(const std::string &name, const std::string &content, NameSet &names) {
    auto address = endpoint_address(name);
    if (!address)
        return true; // "lock", "last_reserved_ip.0"
    auto id = short_id(content.substr(0, content.find_first_of("\r\n ")));
    if (id.empty())
        return false;
    names.endpoints.push_back({std::move(id), "", "", {std::move(*address)}, 0});
    return true;
}

bool parse_domain_file(const std::string &name, const std::string &content, NameSet &names) {
    return !name.ends_with(".xml") || parse_domain(content, names.endpoints);
}

class FolderSource : public NameSource {
  public:
    // `list` says which folders there are now; it is asked at each look.
    using List = std::function<std::vector<std::string>()>;

    FolderSource(const char *id, List list, WatchedFolder::Parse parse)
        : id_(id), list_(std::move(list)), parse_(std::move(parse)) {}

    [[nodiscard]] const char *id() const override { return id_; }

    [[nodiscard]] SourceReport report() override {
        bool changed = watch(list_());
        for (auto &[path, folder] : folders_)
            changed = folder.look() || changed;
        if (changed)
            gather();
        judge();
        return report_;
    }

  private:
    // True if a folder that said something is gone.
    bool watch(const std::vector<std::string> &paths) {
        for (const auto &path : paths)
            folders_.try_emplace(path, path, parse_);
        return std::erase_if(folders_, [&](const auto &folder) {
                   return std::find(paths.begin(), paths.end(), folder.first) == paths.end();
               }) > 0;
    }

    void gather() {
        NameSet names;
        for (const auto &[path, folder] : folders_)
            folder.append_to(names);
        if (names != *report_.names)
            report_.names = std::make_shared<const NameSet>(std::move(names));
    }

    void judge() {
        report_.state = SourceReport::State::absent;
        report_.why.clear();
        for (const auto &[path, folder] : folders_) {
            if (folder.error() != 0 && folder.error() != ENOENT && folder.error() != ENOTDIR) {
                report_.state = SourceReport::State::down;
                report_.why = fmt::format("read {}: {}", printable(path),
                                          std::generic_category().message(folder.error()));
                return;
            }
            if (folder.error() == 0)
                report_.state = SourceReport::State::up;
        }
    }

    const char *id_;
    List list_;
    WatchedFolder::Parse parse_;
    std::map<std::string, WatchedFolder> folders_;
    SourceReport report_;
};

FolderSource::List these(std::vector<std::string> paths) {
    return [paths = std::move(paths)] { return paths; };
}

// The folders inside one.
FolderSource::List inside(std::string path) {
    return [path = std::move(path)] {
        namespace fs = std::filesystem;
        std::vector<std::string> folders;
        std::error_code error;
        for (fs::directory_iterator entry(path, error), end;
             !error && entry != end && folders.size() < folders_max; entry.increment(error)) {
            std::error_code ignored;
            if (fs::is_directory(entry->symlink_status(ignored)))
                folders.push_back(entry->path().string());
        }
        return folders;
    };
}

} // namespace

std::unique_ptr<NameSource> make_cni_source(const std::string &root) {
    return std::make_unique<FolderSource>(
        "cni", these({root + "/var/lib/cni/results", root + "/var/lib/cni/cache/results"}), parse_cni_file);
}

std::unique_ptr<NameSource> make_ipam_source(const std::string &root) {
    return std::make_unique<FolderSource>("ipam", inside(root + "/var/lib/cni/networks"), parse_reservation);
}

std::unique_ptr<NameSource> make_libvirt_source(const std::string &root) {
    return std::make_unique<FolderSource>("libvirt", these({root + "/run/libvirt/qemu"}), parse_domain_file);
}

} // namespace brpath
