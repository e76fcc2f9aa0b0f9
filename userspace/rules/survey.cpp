// SPDX-License-Identifier: BSD-2-Clause
#include "rules/survey.hpp"

#include "rules/rule_text.hpp"

#include <algorithm>
#include <map>

namespace brpath {

namespace {

constexpr int depth_max = 100; // as in judge()

// How sure it is that the frame comes here: at all, and if it comes from wherever the rules ask for.
struct Way {
    Truth truth = Truth::yes;
    Truth of_its_source = Truth::yes;

    [[nodiscard]] Way with(const Way &other) const {
        return {std::min(truth, other.truth), std::min(of_its_source, other.of_its_source)};
    }
    [[nodiscard]] bool adds_to(const Way &known) const {
        return truth > known.truth || of_its_source > known.of_its_source;
    }
};

// The match asks for a source address, or for a network of them.
bool asks_for_source(const Match &match, bool ipv6) {
    const std::uint32_t begin = ipv6 ? 8 : 12, size = ipv6 ? 16 : 4;
    return match.source == Source::network_header && !match.is_negated && match.offset >= begin &&
           match.offset - begin + match.first.size() <= size;
}

class Walk {
  public:
    Walk(const Table &table, const Question &question, std::vector<Reached> &reached)
        : table_(table), frame_(question), ipv6_(question.ipv6), reached_(reached) {}

    void from(const std::string &name, const Chain &chain) {
        place_ = chain.base->place;
        known_.clear();
        walk(name, chain, Way{}, 0);
    }

  private:
    [[nodiscard]] Way holds(const Rule &rule) const {
        Way way;
        for (const Match &match : rule.matches) {
            const Truth truth = frame_.holds(match);
            way = way.with({truth, asks_for_source(match, ipv6_) ? Truth::yes : truth});
        }
        return way;
    }

    void note(const Rule &rule, const Way &way, const std::string &chain, std::size_t number) {
        const auto mechanism = table_.is_legacy   ? Mechanism::iptables_legacy
                               : rule.is_iptables ? Mechanism::iptables_nft
                                                  : Mechanism::nftables;
        auto found = std::ranges::find_if(reached_, [&](const Reached &other) {
            return other.effect == rule.effect && other.place == place_ && other.mechanism == mechanism;
        });
        if (found == reached_.end()) {
            reached_.push_back({.effect = rule.effect,
                                .place = place_,
                                .mechanism = mechanism,
                                .first = rule_text(table_, chain, number)});
            found = reached_.end() - 1;
        }
        found->truth = std::max(found->truth, way.truth);
        found->of_its_source = std::max(found->of_its_source, way.of_its_source);
        ++found->rules;
    }

    // A chain that was walked is walked again only if the frame comes to it by a surer way.
    void follow(const std::string &name, const Way &way, int depth) {
        const auto chain = table_.chains.find(name);
        if (chain == table_.chains.end() || depth >= depth_max)
            return;
        const auto [known, is_new] = known_.emplace(name, way);
        if (!is_new && !way.adds_to(known->second))
            return;
        known->second = way;
        walk(name, chain->second, way, depth + 1);
    }

    void walk(const std::string &name, const Chain &chain, Way way, int depth) {
        for (std::size_t i = 0; i < chain.rules.size(); ++i) {
            const Rule &rule = chain.rules[i];
            const Way match = holds(rule), here = way.with(match);
            if (here.of_its_source == Truth::no)
                continue;
            if (rule.effect != Effect::none)
                note(rule, here, name, i + 1);
            bool ends = false;
            for (const Action &action : rule.actions) {
                if (action.verdict == Verdict::jump || action.verdict == Verdict::go_to)
                    follow(action.chain, here, depth);
                ends = ends || (action.verdict != Verdict::jump && action.verdict != Verdict::next);
            }
            if (ends && match.truth == Truth::yes && rule.actions.size() == 1)
                return;
            if (ends)
                way = way.with({Truth::maybe, Truth::maybe});
        }
    }

    const Table &table_;
    const Frame frame_;
    const bool ipv6_;
    std::vector<Reached> &reached_;
    Place place_ = Place::before_routing;
    std::map<std::string, Way> known_; // chains that were walked
};

} // namespace

std::vector<Reached> survey(const ForwardRules &rules, const Question &question) {
    std::vector<Reached> reached;
    for (const Table &table : rules.tables)
        if (sees(table, question)) {
            Walk walk(table, question, reached);
            for (const auto &[name, chain] : table.chains)
                if (chain.base && chain.base->place != Place::forward)
                    walk.from(name, chain);
        }
    return reached;
}

} // namespace brpath
