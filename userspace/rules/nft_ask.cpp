// SPDX-License-Identifier: BSD-2-Clause
#include "rules/nft_ask.hpp"

#include "kernel/modules.hpp"
#include "kernel/symbols.hpp"
#include "rules/nft_messages.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

namespace brpath {

namespace {

constexpr auto nf_tables_function = "nf_tables_newtable";
constexpr auto nfnetlink_function = "nfnetlink_rcv";

// Room for a request with the names of a table and a set, each of up to 255 bytes.
using Request = std::array<std::byte, 1024>;

} // namespace

NftPresence::NftPresence() {
    for (const auto &[name, symbol] : find_symbols({nf_tables_function, nfnetlink_function})) {
        if (!symbol.module.empty())
            continue;
        nf_tables_is_built_in_ = nf_tables_is_built_in_ || name == nf_tables_function;
        nfnetlink_is_built_in_ = nfnetlink_is_built_in_ || name == nfnetlink_function;
    }
}

bool NftPresence::is_there() const {
    return (nf_tables_is_built_in_ || module_instance("nf_tables")) &&
           (nfnetlink_is_built_in_ || module_instance("nfnetlink"));
}

tl::expected<NetlinkSocket::Outcome, int> ask_nft(const NftRequest &request, const MessageHandler &handle) {
    auto socket = NetlinkSocket::open(NETLINK_NETFILTER);
    if (!socket)
        return tl::unexpected(socket.error());
    alignas(nlmsghdr) Request buffer{};
    nlmsghdr *message = mnl_nlmsg_put_header(buffer.data());
    message->nlmsg_type = static_cast<std::uint16_t>((NFNL_SUBSYS_NFTABLES << 8) | request.type);
    message->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | request.flags);
    auto *header = static_cast<nfgenmsg *>(mnl_nlmsg_put_extra_header(message, sizeof(nfgenmsg)));
    header->nfgen_family = request.family;
    header->version = NFNETLINK_V0;
    for (const auto &[attribute, name] : request.names)
        if (!mnl_attr_put_strz_check(message, buffer.size(), static_cast<std::uint16_t>(attribute),
                                     name.c_str()))
            return tl::unexpected(EMSGSIZE);
    return socket->exchange(*message, handle);
}

tl::expected<std::uint32_t, int> ask_nft_generation() {
    std::optional<std::uint32_t> number;
    const auto outcome = ask_nft({.type = NFT_MSG_GETGEN, .family = NFPROTO_UNSPEC},
                                 [&](const nlmsghdr &message) { number = parse_nft_generation(message); });
    if (!outcome)
        return tl::unexpected(outcome.error());
    return number ? tl::expected<std::uint32_t, int>(*number) : tl::unexpected(EBADMSG);
}

} // namespace brpath
