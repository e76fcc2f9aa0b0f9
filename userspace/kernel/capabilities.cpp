// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/capabilities.hpp"

#include "kernel/read_file.hpp"

#include <charconv>
#include <cstdint>
#include <linux/capability.h>
#include <optional>
#include <sstream>
#include <string_view>
#include <vector>

namespace brpath {

namespace {

constexpr std::size_t status_bytes_max = 65536;

std::optional<std::uint64_t> effective_capabilities(std::string_view status) {
    constexpr std::string_view key = "\nCapEff:\t";
    const std::size_t found = status.find(key);
    if (found == std::string_view::npos)
        return std::nullopt;
    const std::string_view rest = status.substr(found + key.size());
    const std::string_view digits = rest.substr(0, rest.find('\n'));
    std::uint64_t bits = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits, 16);
    if (error != std::errc{} || end != digits.data() + digits.size())
        return std::nullopt;
    return bits;
}

std::vector<std::string> missing_from(std::uint64_t effective, Entering entering) {
    const auto has = [&](unsigned capability) { return ((effective >> capability) & 1) != 0; };
    std::vector<std::string> missing;
    if (!has(CAP_BPF) && !has(CAP_SYS_ADMIN))
        missing.emplace_back("CAP_BPF");
    if (!has(CAP_PERFMON) && !has(CAP_SYS_ADMIN))
        missing.emplace_back("CAP_PERFMON");
    if (!has(CAP_NET_ADMIN))
        missing.emplace_back("CAP_NET_ADMIN");
    if (!has(CAP_SYS_ADMIN) && entering == Entering::other_namespaces)
        missing.emplace_back("CAP_SYS_ADMIN (to enter a network namespace)");
    return missing;
}

std::string hint_for(Entering entering) {
    // setcap(8) replaces what the file had, so all that is needed is named, not only what is missing.
    const std::string needed = entering == Entering::other_namespaces ? "cap_sys_admin,cap_net_admin"
                                                                      : "cap_bpf,cap_perfmon,cap_net_admin";
    return "run it with sudo, or give them to the program: sudo setcap " + needed +
           "+ep \"$(command -v brpath)\"";
}

constexpr const char *tried = "check the capabilities";

} // namespace

Result<std::vector<std::string>> missing_capabilities(Entering entering, const std::string &status_path) {
    const auto status = read_file(status_path, status_bytes_max);
    if (!status)
        return fail_errno(std::string(tried) + " in " + status_path, status.error(), "is /proc mounted?");
    const auto effective = effective_capabilities(*status);
    if (!effective)
        return fail(ErrorKind::failed, tried, status_path + " has no line CapEff");
    return missing_from(*effective, entering);
}

Result<void> require_capabilities(Entering entering, const std::string &status_path) {
    const auto all_missing = missing_capabilities(entering, status_path);
    if (!all_missing)
        return Failure(all_missing.error());
    const auto &missing = *all_missing;
    if (missing.empty())
        return {};
    std::string why = "missing: ";
    for (std::size_t i = 0; i < missing.size(); ++i)
        why += (i == 0 ? "" : ", ") + missing[i];
    return fail(ErrorKind::permission, tried, why, hint_for(entering));
}

Result<void> require_initial_user_namespace(const std::string &uid_map_path) {
    const auto map = read_file(uid_map_path, status_bytes_max);
    std::istringstream numbers(map.value_or(""));
    std::uint64_t inside = 0, outside = 0, count = 0;

    // The initial one maps every id to itself. Without the file nothing is known, and the kernel will say.
    if (!(numbers >> inside >> outside >> count) || (inside == 0 && outside == 0 && count == 4294967295))
        return {};
    return fail(ErrorKind::permission, "use BPF from inside a user namespace",
                "the kernel allows it in no other than the first",
                "run it on the node itself, or in a privileged container without a user namespace");
}

} // namespace brpath
