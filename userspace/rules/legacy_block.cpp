// SPDX-License-Identifier: BSD-2-Clause
#include "rules/legacy_block.hpp"

#include "kernel/read_file.hpp"
#include "util/unique_fd.hpp"

#include <cerrno>
#include <cstring>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <sstream>
#include <sys/socket.h>
#include <tuple>
#include <utility>

namespace brpath {

namespace {

constexpr int tries_max = 10;
constexpr std::size_t bytes_max = std::size_t{64} << 20;
constexpr std::size_t names_bytes_max = 65536;
constexpr auto tried = "read the rules of iptables";

// The numbers of the options and the layout of the answers are the same for IPv6.
constexpr std::size_t answer_header_size = offsetof(ipt_get_entries, entrytable);

static_assert(std::tuple_size_v<decltype(LegacyInfo::begin)> == NF_INET_NUMHOOKS);

// Asking for a table that is not listed would make it, or load its module.
Result<bool> has_table(const std::string &table, bool ipv6) {
    const std::string path =
        std::string("/proc/thread-self/net/") + (ipv6 ? "ip6_tables_names" : "ip_tables_names");
    const auto names = read_file(path, names_bytes_max);
    if (!names && names.error() == ENOENT)
        return false;
    if (!names)
        return fail_errno("read " + path, names.error());
    std::istringstream lines(*names);
    for (std::string line; std::getline(lines, line);)
        if (line == table)
            return true;
    return false;
}

// A table of one family, to be asked for; an errno for what failed.
class Asked {
  public:
    Asked(const std::string &table, bool ipv6)
        : fd_(::socket(ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)), error_(fd_ ? 0 : errno),
          level_(ipv6 ? IPPROTO_IPV6 : IPPROTO_IP), table_(table) {}

    [[nodiscard]] tl::expected<LegacyInfo, int> info() const;
    [[nodiscard]] tl::expected<LegacyBlock, int> block() const; // EAGAIN if the table changed meanwhile

  private:
    UniqueFd fd_;
    int error_; // why there is none
    int level_;
    const std::string &table_;
};

tl::expected<LegacyInfo, int> Asked::info() const {
    if (!fd_)
        return tl::unexpected(error_);
    ipt_getinfo info{};
    if (table_.size() >= sizeof(info.name))
        return tl::unexpected(ENAMETOOLONG);
    std::memcpy(info.name, table_.c_str(), table_.size() + 1);
    socklen_t size = sizeof(info);
    if (::getsockopt(fd_.get(), level_, IPT_SO_GET_INFO, &info, &size) < 0)
        return tl::unexpected(errno);
    LegacyInfo result{.size = info.size, .entries = info.num_entries};
    std::memcpy(result.begin.data(), info.hook_entry, sizeof(info.hook_entry));
    std::memcpy(result.policy.data(), info.underflow, sizeof(info.underflow));
    return result;
}

tl::expected<LegacyBlock, int> Asked::block() const {
    const auto info = this->info();
    if (!info)
        return tl::unexpected(info.error());
    if (info->size > bytes_max)
        return tl::unexpected(EFBIG);
    std::vector<std::byte> answer(answer_header_size + info->size);
    std::memcpy(answer.data(), table_.c_str(), table_.size() + 1);
    std::memcpy(answer.data() + offsetof(ipt_get_entries, size), &info->size, sizeof(info->size));
    auto size = static_cast<socklen_t>(answer.size());
    if (::getsockopt(fd_.get(), level_, IPT_SO_GET_ENTRIES, answer.data(), &size) < 0)
        return tl::unexpected(errno);
    answer.erase(answer.begin(), answer.begin() + answer_header_size);
    return LegacyBlock{*info, std::move(answer)};
}

} // namespace

Result<std::optional<LegacyInfo>> read_legacy_info(const std::string &table, bool ipv6) {
    const auto is_there = has_table(table, ipv6);
    if (!is_there)
        return Failure(is_there.error());
    if (!*is_there)
        return std::nullopt;
    const auto info = Asked(table, ipv6).info();
    if (!info)
        return fail_errno(tried, info.error());
    return *info;
}

Result<std::optional<LegacyBlock>> read_legacy_block(const std::string &table, bool ipv6) {
    const auto is_there = has_table(table, ipv6);
    if (!is_there)
        return Failure(is_there.error());
    if (!*is_there)
        return std::nullopt;
    const Asked asked(table, ipv6);
    auto block = asked.block();
    for (int i = 1; i < tries_max && !block && block.error() == EAGAIN; ++i)
        block = asked.block();
    if (!block)
        return fail_errno(tried, block.error());
    return std::move(*block);
}

} // namespace brpath
