// SPDX-License-Identifier: BSD-2-Clause
// What becomes of a pair of pods on one bridge, by the same rules as what has become of a frame.
#include "model/audit_rules.hpp"
#include "model/audit_text.hpp"
#include "model/effective.hpp"
#include "util/setting_names.hpp"

#include <algorithm>
#include <brpath/classify.h>
#include <fmt/format.h>

namespace brpath {

namespace {

std::optional<int> sysctl(const AuditFacts &facts, const char *key) {
    for (const auto &fact : facts.sysctls)
        if (fact.key == key)
            return fact.value;
    return std::nullopt;
}

brpath_setting setting_for(const AuditFacts &facts, const BridgeSummary &bridge, bool ipv6) {
    const bool present = facts.module != ModuleState::absent;

    return {static_cast<std::uint8_t>(present ? BRPATH_ANSWER_YES : BRPATH_ANSWER_NO),
            answer(setting_of(bridge, ipv6).effective), answer(sysctl(facts, setting::filter_vlan_tagged)),
            answer(sysctl(facts, setting::filter_pppoe_tagged))};
}

// One bridge, family and tag.
class Case {
  public:
    Case(const AuditFacts &facts, const BridgeFacts &bridge, bool ipv6, brpath_tag tag)
        : facts_(facts), rules_(bridge.rules.at(ipv6)), setting_(setting_for(facts, bridge.summary, ipv6)),
          hooked_(brpath_is_hooked(tag, &setting_)),
          conntrack_(facts.families.at(ipv6).conntrack), prediction_{.bridge = bridge.summary.name,
                                                                     .ipv6 = ipv6,
                                                                     .tag = tag} {}

    Prediction predict() && {
        predict_handling();
        // What is inside PPPoE does not reach the node's own IP stack, where Services are.
        if (prediction_.tag != BRPATH_TAG_PPPOE)
            prediction_.service = predict_service();
        return std::move(prediction_);
    }

  private:
    void because(const std::string &why) {
        if (prediction_.why.find(why) == std::string::npos)
            prediction_.why += (prediction_.why.empty() ? "" : "; ") + why;
    }

    void predict_bypassed() {
        prediction_.reason = brpath_classify_reason(prediction_.tag, &setting_);
        // It looks at frames without a tag.
        const auto tracked = prediction_.tag == BRPATH_TAG_NONE ? facts_.bridge_conntrack : BRPATH_ANSWER_NO;
        if (tracked != BRPATH_ANSWER_NO) {
            prediction_.handling.push_back(BRPATH_TRACKED);
            because(tracked == BRPATH_ANSWER_YES
                        ? "conntrack of the bridge family is registered (nf_conntrack_bridge)"
                        : "whether conntrack of the bridge family is registered is not known");
        }
        if (tracked != BRPATH_ANSWER_YES)
            prediction_.handling.push_back(BRPATH_BYPASSED);
    }

    void predict_tracked() {
        const auto extent = rules_ ? rules_->untracked : Extent::some;

        if (extent != Extent::all)
            prediction_.handling.push_back(BRPATH_TRACKED);
        if (extent != Extent::none)
            prediction_.handling.push_back(BRPATH_UNTRACKED);
        if (!rules_)
            because("rules may leave frames untracked, and " + facts_.rules_unseen);
        else if (extent != Extent::none)
            because(fmt::format("{} leaves {} frames untracked", rules_->untracked_rule,
                                extent == Extent::all ? "all" : "some"));
    }

    void predict_handling() {
        if (hooked_ == BRPATH_ANSWER_NO)
            return predict_bypassed();
        if (hooked_ == BRPATH_ANSWER_YES && conntrack_ == BRPATH_ANSWER_YES)
            return predict_tracked();
        if (hooked_ == BRPATH_ANSWER_YES && conntrack_ == BRPATH_ANSWER_NO) {
            prediction_.handling.push_back(BRPATH_HOOKED);
            return;
        }
        prediction_.handling.push_back(BRPATH_UNKNOWN);
        because(hooked_ == BRPATH_ANSWER_UNKNOWN
                    ? "the setting cannot be read"
                    : "whether conntrack is registered here is not known: " + facts_.conntrack_unseen);
    }

    // The request is routed and translated by the node; the reply crosses the bridge.
    ServiceOutcome past_netfilter() {
        if (rules_->source == Extent::all) {
            because("the source is translated as well, so that replies go to the node");
            return ServiceOutcome::works;
        }
        if (rules_->source == Extent::by_source) {
            because("rules translate the source as well, of some sources; there it works");
            return ServiceOutcome::unknown;
        }
        because("the request is translated, the reply crosses the bridge as it is");
        if (rules_->source == Extent::some)
            because("but for Services whose source is translated as well");
        return ServiceOutcome::breaks;
    }

    ServiceOutcome through_netfilter() {
        const bool is_ipvs_alone = std::all_of(rules_->translating.begin(), rules_->translating.end(),
                                               [](const MechanismUse &use) { return use.name == "IPVS"; });

        if (rules_->untracked == Extent::all) {
            because("what is untracked is not translated by rules");
            return ServiceOutcome::unknown;
        }
        if (conntrack_ != BRPATH_ANSWER_YES && !is_ipvs_alone) {
            because(conntrack_ == BRPATH_ANSWER_NO
                        ? "there are rules that translate, and conntrack is not registered"
                        : "whether conntrack is registered here is not known: " + facts_.conntrack_unseen);
            return ServiceOutcome::unknown;
        }
        return ServiceOutcome::works;
    }

    ServiceOutcome predict_service() {
        if (!rules_) {
            because(facts_.rules_unseen);
            return ServiceOutcome::unknown;
        }
        if (rules_->translating.empty())
            return ServiceOutcome::no_translation;
        if (rules_->forward && rules_->forward->certain) {
            because(rules_->forward->rule + " drops it");
            return ServiceOutcome::breaks;
        }
        if (hooked_ == BRPATH_ANSWER_UNKNOWN)
            return ServiceOutcome::unknown;
        return hooked_ == BRPATH_ANSWER_NO ? past_netfilter() : through_netfilter();
    }

    const AuditFacts &facts_;
    const std::optional<BridgeRules> &rules_;
    const brpath_setting setting_;
    const brpath_answer hooked_;
    const brpath_answer conntrack_;
    Prediction prediction_;
};

} // namespace

std::vector<Prediction> predict(const AuditFacts &facts) {
    std::vector<Prediction> predictions;

    for (const auto &bridge : facts.bridges)
        for (const auto tag : {BRPATH_TAG_NONE, BRPATH_TAG_VLAN, BRPATH_TAG_PPPOE})
            for (const bool ipv6 : {false, true})
                predictions.push_back(Case(facts, bridge, ipv6, tag).predict());
    return predictions;
}

} // namespace brpath
