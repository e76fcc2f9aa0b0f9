// SPDX-License-Identifier: BSD-2-Clause
#include "rules/nft_ask.hpp"
#include "rules/nft_messages.hpp"
#include "rules/read_rules.hpp"

#include <algorithm>
#include <cerrno>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <tuple>

namespace brpath {

namespace {

constexpr int tries_max = 10;
constexpr std::size_t items_max = 200'000; // tables, chains, rules and verdicts together
constexpr auto tried = "read the rules of nftables";

// The errno of "the rules changed meanwhile".
constexpr int changed = EAGAIN;

using Done = tl::expected<void, int>; // or errno

// One attempt to read everything.
class NftRead {
  public:
    explicit NftRead(detail::Wanted wanted) : wanted_(wanted) {}

    // errno if it failed; `changed` if it may work the next time, EFBIG if there is too much.
    tl::expected<std::vector<Table>, int> run();

  private:
    using SetKey = std::tuple<std::uint8_t, std::string, std::string>;

    Done list(int type, std::uint8_t family, const std::vector<std::pair<int, std::string>> &names,
              const MessageHandler &handle);
    Done read_tables();
    Done read_chains();
    Done read_rules(const Table &of);
    tl::expected<std::vector<Action>, int> verdicts(const NftRule &rule);
    Table *find(std::uint8_t family, const std::string &name);
    void count() { ++items_; }
    [[nodiscard]] bool is_wanted(const std::optional<BaseChain> &base) const {
        return base && (base->place == Place::forward) == (wanted_ == detail::Wanted::forward);
    }

    detail::Wanted wanted_;

    std::vector<Table> tables_;
    std::map<SetKey, std::vector<Action>> verdicts_;
    std::size_t items_ = 0;
};

std::optional<TableFamily> family_of(std::uint8_t number) {
    switch (number) {
    case NFPROTO_IPV4:
        return TableFamily::ip;
    case NFPROTO_IPV6:
        return TableFamily::ip6;
    case NFPROTO_INET:
        return TableFamily::inet;
    default:
        return std::nullopt;
    }
}

std::uint8_t number_of(TableFamily family) {
    switch (family) {
    case TableFamily::ip:
        return NFPROTO_IPV4;
    case TableFamily::ip6:
        return NFPROTO_IPV6;
    case TableFamily::inet:
        break;
    }
    return NFPROTO_INET;
}

Done NftRead::list(int type, std::uint8_t family, const std::vector<std::pair<int, std::string>> &names,
                   const MessageHandler &handle) {
    const auto outcome = ask_nft({type, NLM_F_DUMP, family, names}, [&](const nlmsghdr &message) {
        if (items_ <= items_max)
            handle(message);
    });
    if (!outcome)
        return tl::unexpected(outcome.error() == ENOENT ? changed : outcome.error());
    if (items_ > items_max)
        return tl::unexpected(EFBIG);
    if (*outcome == NetlinkSocket::Outcome::interrupted)
        return tl::unexpected(changed);
    return {};
}

Table *NftRead::find(std::uint8_t family, const std::string &name) {
    const auto wanted = family_of(family);
    const auto found = std::ranges::find_if(
        tables_, [&](const Table &table) { return table.family == wanted && table.name == name; });
    return found == tables_.end() ? nullptr : &*found;
}

Done NftRead::read_tables() {
    return list(NFT_MSG_GETTABLE, NFPROTO_UNSPEC, {}, [&](const nlmsghdr &message) {
        const auto table = parse_nft_table(message);
        const auto family = table ? family_of(table->family) : std::nullopt;
        if (!family || table->is_dormant)
            return;
        tables_.push_back({.family = *family, .name = table->name});
        count();
    });
}

Done NftRead::read_chains() {
    const auto done = list(NFT_MSG_GETCHAIN, NFPROTO_UNSPEC, {}, [&](const nlmsghdr &message) {
        const auto chain = parse_nft_chain(message);
        Table *table = chain ? find(chain->family, chain->table) : nullptr;
        if (table == nullptr)
            return;
        table->chains[chain->name].base = is_wanted(chain->base) ? chain->base : std::nullopt;
        count();
    });
    std::erase_if(tables_, [](const Table &table) {
        return std::ranges::none_of(table.chains,
                                    [](const auto &chain) { return chain.second.base.has_value(); });
    });
    return done;
}

// Old kernels send the rules of all tables, whatever was asked for.
Done NftRead::read_rules(const Table &of) {
    std::vector<NftRule> rules;
    const std::uint8_t family = number_of(of.family);
    const auto done =
        list(NFT_MSG_GETRULE, family, {{NFTA_RULE_TABLE, of.name}}, [&](const nlmsghdr &message) {
            auto rule = parse_nft_rule(message);
            if (!rule || rule->family != family || rule->table != of.name)
                return;
            rules.push_back(std::move(*rule));
            count();
        });
    if (!done)
        return done;
    Table *table = find(family, of.name);
    for (NftRule &rule : rules) {
        if (rule.verdict_map) {
            auto actions = verdicts(rule);
            if (!actions)
                return tl::unexpected(actions.error());
            rule.rule.actions = std::move(*actions);
        }
        table->chains[rule.chain].rules.push_back(std::move(rule.rule));
    }
    return {};
}

tl::expected<std::vector<Action>, int> NftRead::verdicts(const NftRule &rule) {
    const SetKey key(rule.family, rule.table, rule.verdict_map->set);
    if (const auto known = verdicts_.find(key); known != verdicts_.end())
        return known->second;
    std::vector<Action> actions;
    const auto take = [&](const nlmsghdr &message) {
        for (Action &action : parse_nft_verdicts(message, *rule.verdict_map)) {
            const bool is_known = std::ranges::any_of(actions, [&](const Action &other) {
                return other.verdict == action.verdict && other.chain == action.chain;
            });
            if (is_known)
                continue;
            actions.push_back(std::move(action));
            count();
        }
    };
    const auto done =
        list(NFT_MSG_GETSETELEM, rule.family,
             {{NFTA_SET_ELEM_LIST_TABLE, rule.table}, {NFTA_SET_ELEM_LIST_SET, rule.verdict_map->set}}, take);
    if (!done)
        return tl::unexpected(done.error());
    return verdicts_[key] = std::move(actions);
}

tl::expected<std::vector<Table>, int> NftRead::run() {
    const auto before = ask_nft_generation();
    if (!before)
        return tl::unexpected(before.error());
    if (const auto done = read_tables(); !done)
        return tl::unexpected(done.error());
    if (const auto done = read_chains(); !done)
        return tl::unexpected(done.error());
    for (const Table &table : tables_)
        if (const auto done = read_rules(table); !done)
            return tl::unexpected(done.error());
    const auto after = ask_nft_generation();
    if (!after)
        return tl::unexpected(after.error());
    if (*before != *after)
        return tl::unexpected(changed);
    return std::move(tables_);
}

} // namespace

Result<void> detail::read_nft_rules(ForwardRules &rules, Wanted wanted) {
    for (int i = 0; i < tries_max; ++i) {
        auto tables = NftRead(wanted).run();
        if (tables) {
            std::ranges::move(*tables, std::back_inserter(rules.tables));
            return {};
        }
        if (tables.error() != changed)
            return fail_errno(tried, tables.error());
    }
    return fail(ErrorKind::failed, tried, "they changed each time while being listed", "try again");
}

} // namespace brpath
