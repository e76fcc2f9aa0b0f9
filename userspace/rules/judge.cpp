// SPDX-License-Identifier: BSD-2-Clause
#include "rules/forward_rules.hpp"
#include "rules/frame.hpp"
#include "rules/rule_text.hpp"

#include <algorithm>
#include <unordered_map>

namespace brpath {

namespace {

// Beyond what nftables allows (16) and any sensible iptables has.
constexpr int depth_max = 100;

constexpr std::size_t policy_number = 0; // rules count from 1

struct Spot {
    const std::string *chain = nullptr;
    std::size_t rule = policy_number;
};

// Which ends a frame may come to in a chain.
struct Ends {
    bool accepts = false;
    bool drops = false;
    bool returns = false; // at its end, or by RETURN
    Spot first_drop{};    // set if it drops
    Spot last_drop{};     // if all that remains is to drop: the one that does for sure

    void add_drop(Spot first, Spot last) {
        if (!drops)
            first_drop = first;
        last_drop = last;
        drops = true;
    }
    [[nodiscard]] bool drops_always() const { return drops && !accepts && !returns; }
};

// The chains of one table. What a chain does depends on the frame alone, so that each is walked once.
class TableWalk {
  public:
    TableWalk(const Table &table, const Frame &frame) : table_(table), frame_(frame) {}

    Ends ends_of_base(const std::string &name, const Chain &chain) {
        Ends ends = walk(name, chain, 0);
        if (ends.returns && chain.base->policy_drops)
            ends.add_drop({&name}, {&name});
        else if (ends.returns)
            ends.accepts = true;
        ends.returns = false;
        return ends;
    }

  private:
    static Ends anything(Spot place) {
        Ends ends{.accepts = true, .returns = true};
        ends.add_drop(place, place);
        return ends;
    }

    Ends called(const std::string &name, Spot caller, int depth) {
        if (const auto known = known_.find(name); known != known_.end())
            return known->second ? *known->second : anything(caller); // walked right now: a loop
        const auto chain = table_.chains.find(name);
        if (chain == table_.chains.end() || depth >= depth_max)
            return anything(caller);
        known_.emplace(name, std::nullopt);
        const Ends ends = walk(chain->first, chain->second, depth + 1);
        known_[name] = ends;
        return ends;
    }

    // Adds the ends that an action brings. True if the rule after it may come next.
    bool act(const Action &action, Spot place, int depth, Ends &ends) {
        Ends other;
        switch (action.verdict) {
        case Verdict::next:
            return true;
        case Verdict::accept:
            ends.accepts = true;
            return false;
        case Verdict::drop:
            ends.add_drop(place, place);
            return false;
        case Verdict::leave:
            ends.returns = true;
            return false;
        case Verdict::unknown:
            other = anything(place);
            break;
        case Verdict::jump:
        case Verdict::go_to:
            other = called(action.chain, place, depth);
            break;
        }
        ends.accepts = ends.accepts || other.accepts;
        if (other.drops)
            ends.add_drop(other.first_drop, other.last_drop);
        if (action.verdict == Verdict::go_to)
            ends.returns = ends.returns || other.returns;
        return action.verdict != Verdict::go_to && other.returns;
    }

    Ends walk(const std::string &name, const Chain &chain, int depth) {
        Ends ends;
        for (std::size_t i = 0; i < chain.rules.size(); ++i) {
            const Rule &rule = chain.rules[i];
            const Truth truth = frame_.holds(rule);
            if (truth == Truth::no)
                continue;
            bool goes_on = truth == Truth::maybe || rule.actions.empty();
            for (const Action &action : rule.actions)
                goes_on = act(action, {&name, i + 1}, depth, ends) || goes_on;
            if (!goes_on)
                return ends;
        }
        ends.returns = true;
        return ends;
    }

    const Table &table_;
    const Frame &frame_;
    std::unordered_map<std::string, std::optional<Ends>> known_; // nullopt: being walked
};

std::string to_text(const Table &table, const Spot &spot) { return rule_text(table, *spot.chain, spot.rule); }

struct Hook {
    const Table *table;
    const std::string *name;
    const Chain *chain;
};

// In the order in which a frame comes to them.
std::vector<Hook> hooks_for(const ForwardRules &rules, const Question &question) {
    std::vector<Hook> hooks;
    for (const Table &table : rules.tables)
        if (sees(table, question))
            for (const auto &[name, chain] : table.chains)
                if (chain.base && chain.base->place == Place::forward)
                    hooks.push_back({&table, &name, &chain});
    std::ranges::stable_sort(hooks, {}, [](const Hook &hook) { return hook.chain->base->priority; });
    return hooks;
}

} // namespace

// An accept ends its base chain only; so the frame gets through if all of them let it.
Judged judge(const ForwardRules &rules, const Question &question) {
    const Frame frame(question);
    Judged judged;
    for (const Hook &hook : hooks_for(rules, question)) {
        const Ends ends = TableWalk(*hook.table, frame).ends_of_base(*hook.name, *hook.chain);
        if (ends.drops_always())
            return {Judgement::drops, to_text(*hook.table, ends.last_drop)};
        if (ends.drops && judged.judgement == Judgement::passes)
            judged = {Judgement::may_drop, to_text(*hook.table, ends.first_drop)};
    }
    return judged;
}

} // namespace brpath
