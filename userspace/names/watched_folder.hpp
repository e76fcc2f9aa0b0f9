// SPDX-License-Identifier: BSD-2-Clause
// The files of a folder that others write, read again only when they have changed.
#pragma once

#include "names/records.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <sys/stat.h>

namespace brpath {

// Looking costs one stat() as long as no file came or went. Links, pipes and other things that are no plain
// files are left alone, as are files beyond a megabyte and beyond the first 16384.
class WatchedFolder {
  public:
    // What a file says; false: it is not what it should be, perhaps not yet written to its end, and is
    // read again at the next look.
    using Parse = std::function<bool(const std::string &name, const std::string &content, NameSet &names)>;

    WatchedFolder(std::string path, Parse parse);

    // True if what the files say is not the same as before.
    bool look();

    // 0, ENOENT, EACCES, ... of the last look.
    [[nodiscard]] int error() const { return error_; }
    void append_to(NameSet &names) const;
    [[nodiscard]] const std::string &path() const { return path_; }

  private:
    struct Stamp {
        std::int64_t seconds = 0;
        std::int64_t nanoseconds = 0;
        std::uint64_t inode = 0;
        std::int64_t size = 0;

        bool operator==(const Stamp &) const = default;
    };
    struct File {
        Stamp stamp;
        bool is_good = false;
        NameSet names;
    };

    static Stamp stamp_of(const struct ::stat &status);
    bool list();
    bool read(const std::string &name, File &file);
    bool retry_broken();

    std::string path_;
    Parse parse_;
    Stamp stamp_;
    bool is_settled_ = false;
    int error_ = 0;
    std::map<std::string, File> files_;
};

} // namespace brpath
