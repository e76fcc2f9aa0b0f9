// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/read_file.hpp"
#include "rules/legacy_table.hpp"
#include "rules/read_rules.hpp"
#include "util/unique_fd.hpp"

#include <cerrno>
#include <cstring>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <sstream>
#include <sys/socket.h>

namespace brpath {

namespace {

constexpr int tries_max = 10;
constexpr std::size_t bytes_max = std::size_t{64} << 20;
constexpr std::size_t names_bytes_max = 65536;
constexpr auto tried = "read the rules of iptables";

// The numbers of the options and the layout of the answers are the same for IPv6.
constexpr std::size_t answer_header_size = offsetof(ipt_get_entries, entrytable);

// Asking for a table that is not listed would make it, or load its module.
Result<bool> has_filter(bool ipv6) {
    const std::string path =
        std::string("/proc/thread-self/net/") + (ipv6 ? "ip6_tables_names" : "ip_tables_names");
    const auto names = read_file(path, names_bytes_max);
    if (!names && names.error() == ENOENT)
        return false;
    if (!names)
        return fail_errno("read " + path, names.error());
    std::istringstream lines(*names);
    for (std::string line; std::getline(lines, line);)
        if (line == "filter")
            return true;
    return false;
}

struct Block {
    LegacyHook hook;
    std::vector<std::byte> entries;
};

// errno if it failed; EAGAIN if the table changed meanwhile.
tl::expected<Block, int> read_block(int fd, int level) {
    ipt_getinfo info{};
    std::strcpy(info.name, "filter");
    socklen_t size = sizeof(info);
    if (::getsockopt(fd, level, IPT_SO_GET_INFO, &info, &size) < 0)
        return tl::unexpected(errno);
    if (info.size > bytes_max)
        return tl::unexpected(EFBIG);
    std::vector<std::byte> answer(answer_header_size + info.size);
    std::memcpy(answer.data(), info.name, sizeof(info.name));
    std::memcpy(answer.data() + offsetof(ipt_get_entries, size), &info.size, sizeof(info.size));
    size = static_cast<socklen_t>(answer.size());
    if (::getsockopt(fd, level, IPT_SO_GET_ENTRIES, answer.data(), &size) < 0)
        return tl::unexpected(errno);
    answer.erase(answer.begin(), answer.begin() + answer_header_size);
    return Block{{info.hook_entry[NF_INET_FORWARD], info.underflow[NF_INET_FORWARD]}, std::move(answer)};
}

Result<void> read_family(bool ipv6, ForwardRules &rules) {
    const auto is_there = has_filter(ipv6);
    if (!is_there)
        return Failure(is_there.error());
    if (!*is_there)
        return {};
    const UniqueFd fd(::socket(ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd)
        return fail_errno(tried, errno);
    auto block = read_block(fd.get(), ipv6 ? IPPROTO_IPV6 : IPPROTO_IP);
    for (int i = 1; i < tries_max && !block && block.error() == EAGAIN; ++i)
        block = read_block(fd.get(), ipv6 ? IPPROTO_IPV6 : IPPROTO_IP);
    if (!block)
        return fail_errno(tried, block.error());
    auto table = parse_legacy_table(block->entries, ipv6, block->hook);
    if (!table)
        return fail(ErrorKind::unsupported, tried, "the kernel's answer is not understood");
    rules.tables.push_back(std::move(*table));
    return {};
}

} // namespace

Result<void> detail::read_legacy_rules(ForwardRules &rules) {
    for (const bool ipv6 : {false, true})
        if (auto done = read_family(ipv6, rules); !done)
            return done;
    return {};
}

} // namespace brpath
