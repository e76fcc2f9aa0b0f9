// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/boot_settings.hpp"

#include "kernel/conf_lines.hpp"

#include <algorithm>
#include <fnmatch.h>
#include <utility>

namespace brpath {

namespace {

// systemd takes path_simplify() for it: no "//", no "/./", and here no slash at the ends.
std::string simple_path(std::string_view path) {
    std::string simple;
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        const std::string_view part = path.substr(0, end);
        path.remove_prefix(std::min(end + 1, path.size()));
        if (part.empty() || part == ".")
            continue;
        if (!simple.empty())
            simple += '/';
        simple += part;
    }
    return simple;
}

// sysctl.d(5): "If the first separator is a slash, remaining slashes and dots are left intact. If the first
// separator is a dot, dots and slashes are interchanged."
std::string key_path(std::string_view key) {
    std::string path(key);
    const std::size_t first = path.find_first_of("/.");
    if (first != std::string::npos && path[first] == '.') {
        for (char &letter : path) {
            if (letter == '.')
                letter = '/';
            else if (letter == '/')
                letter = '.';
        }
    }
    return simple_path(path);
}

bool is_pattern(const std::string &key) { return key.find_first_of("*?[") != std::string::npos; }

// systemd calls glob(3), which knows a leading dot and a slash from other letters.
bool matches(const std::string &pattern, const std::string &path) {
    return ::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
}

// modprobe(8): "there is no difference between _ and - in module names".
std::string module_name(std::string_view written) {
    std::string name(written);
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

} // namespace

BootSettings BootSettings::read(const std::string &root) {
    BootSettings settings;
    for (const ConfLine &line : conf_lines("sysctl.d", root)) {
        const std::string_view text = line.text;
        const std::size_t equals = text.find('=');
        // With a value: a failure to set it is no error, which changes nothing here. Without: see Entry.
        const bool has_minus = text.front() == '-';
        if (equals == std::string_view::npos && !has_minus)
            continue;
        const std::string_view key = text.substr(0, equals).substr(has_minus ? 1 : 0);
        std::optional<std::string> value;
        if (equals != std::string_view::npos)
            value = without_blanks(text.substr(equals + 1));
        settings.add({key_path(without_blanks(key)), std::move(value), line.file, line.number});
    }
    return settings;
}

// The last line of a key wins. One that only repeats the value keeps its turn among the patterns; but it is
// the last one, so that it is the line to change.
void BootSettings::add(Entry entry) {
    const auto earlier = std::find_if(entries_.begin(), entries_.end(),
                                      [&](const Entry &other) { return other.key == entry.key; });
    if (earlier == entries_.end()) {
        entries_.push_back(std::move(entry));
    } else if (earlier->value == entry.value) {
        *earlier = std::move(entry);
    } else {
        entries_.erase(earlier);
        entries_.push_back(std::move(entry));
    }
}

// sysctl.d(5): "Keys for which an explicit pattern exists will be excluded from any glob matching." So will
// be a key with a "-" in front and no "=".
std::optional<BootValue> BootSettings::value(std::string_view key) const {
    const std::string path = key_path(key);
    const Entry *last = nullptr;
    for (const Entry &entry : entries_) {
        const bool is_own = entry.key == path;
        if (is_own || (entry.value && is_pattern(entry.key) && matches(entry.key, path)))
            last = &entry;
        if (is_own)
            break;
    }
    if (!last || !last->value)
        return std::nullopt;
    return BootValue{*last->value, last->file, last->line};
}

std::optional<std::string> boot_module_file(std::string_view module, const std::string &root) {
    const std::string name = module_name(module);
    for (ConfLine &line : conf_lines("modules-load.d", root)) {
        if (module_name(line.text) == name)
            return std::move(line.file);
    }
    return std::nullopt;
}

std::optional<std::string> boot_udev_file(std::string_view module, const std::string &root) {
    for (ConfLine &line : conf_lines("udev/rules.d", root, ".rules"))
        if (line.text.find(module) != std::string::npos && line.text.find("sysctl") != std::string::npos)
            return std::move(line.file);
    return std::nullopt;
}

} // namespace brpath
