// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/conf_lines.hpp"

#include "kernel/read_file.hpp"

#include <filesystem>
#include <map>

namespace brpath {

namespace {

// sysctl.d(5) and modules-load.d(5), "CONFIGURATION DIRECTORIES AND PRECEDENCE": the first one has priority.
// The last is for systems where /lib is a folder of its own. Where it is a link to /usr/lib, each of its
// names is known already.
constexpr const char *places[] = {"/etc/", "/run/", "/usr/local/lib/", "/usr/lib/", "/lib/"};

constexpr std::size_t conf_bytes_max = 1 << 20;

using Files = std::map<std::string, std::string>; // the path by the name: in order of the names, byte by byte

// A name that is known stays as it is: an earlier place has masked it.
void add_place(Files &files, const std::string &path, const std::string &suffix) {
    std::error_code error;
    std::filesystem::directory_iterator entry(path, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (name.ends_with(suffix) && !name.starts_with('.'))
            files.emplace(name, entry->path().string());
    }
}

void add_lines(std::vector<ConfLine> &lines, const std::string &file, std::string_view content) {
    // systemd ends a line at each of these. Editors count only the first.
    constexpr std::string_view line_ends("\n\r\0", 3);
    for (std::size_t number = 1;;) {
        const std::size_t end = content.find_first_of(line_ends);
        const std::string_view text = without_blanks(content.substr(0, end));
        if (!text.empty() && text.front() != '#' && text.front() != ';')
            lines.push_back({file, number, std::string(text)});
        if (end == std::string_view::npos)
            return;
        if (content[end] == '\n')
            ++number;
        content.remove_prefix(end + 1);
    }
}

} // namespace

std::string_view without_blanks(std::string_view text) {
    constexpr std::string_view blanks = " \t\n\r";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<ConfLine> conf_lines(const std::string &folder, const std::string &root,
                                 const std::string &suffix) {
    const std::string prefix = root == "/" ? "" : root;
    Files files;
    for (const char *place : places) {
        std::string path = prefix;
        path += place;
        path += folder;
        add_place(files, path, suffix);
    }
    std::vector<ConfLine> lines;
    for (const auto &[name, path] : files) {
        std::error_code ignored;
        if (!std::filesystem::is_regular_file(path, ignored))
            continue; // /dev/null; and to open a FIFO would wait for ever
        if (const auto content = read_file(path, conf_bytes_max))
            add_lines(lines, path, *content);
    }
    return lines;
}

} // namespace brpath
