// SPDX-License-Identifier: BSD-2-Clause
#include "output/audit.hpp"
#include "output/json_values.hpp"

#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

namespace brpath {

namespace {

// Keys stand as docs/doctor.md has them.
using Writer = rapidjson::PrettyWriter<rapidjson::StringBuffer>;

class AuditWriter : private JsonValues<Writer> {
  public:
    explicit AuditWriter(Writer &writer) : JsonValues(writer) {}

    void write(const Audit &audit) {
        object([&] {
            text("schema", "brpath.audit/1");
            object("node", [&] {
                text("hostname", audit.node.hostname);
                text("kernel", audit.node.kernel);
                text("time", audit.node.time);
            });
            text("result", to_string(audit.result));
            text("verdict", audit.verdict);
            list("checks", audit.checks);
            list("namespaces", audit.namespaces);
            number("without_bridges", audit.without_bridges);
            texts("unseen", audit.unseen);
            list("hooks", audit.node.hooks);
            texts("missing_capabilities", audit.node.missing_capabilities);
        });
    }

  private:
    template <typename Item> void list(const char *key, const std::vector<Item> &items) {
        objects(key, items, [&](const Item &item) { put(item); });
    }
    void flag(const char *key, bool value) {
        to_.Key(key);
        to_.Bool(value);
    }

    void put(const Check &check) {
        text("name", check.name);
        text("result", to_string(check.result));
        text("what", check.what);
        text_or_null("why", check.why);
        texts("fix", check.fix);
    }

    void put(const MechanismUse &use) {
        text("name", use.name);
        number("rules", use.rules);
        text_or_null("first", use.first);
    }

    void put(const HookFacts &hook) {
        text("hook", hook.hook);
        flag("required", hook.required);
        list("ways", hook.ways);
    }

    void put(const HookWay &way) {
        text("backend", way.backend);
        text("symbol", way.symbol);
        flag("works", way.why_not.empty());
        text_or_null("why_not", way.why_not);
    }

    void put_family(const char *key, const FamilySetting &setting) {
        object(key, [&] {
            number_or_null("sysctl", setting.sysctl);
            number_or_null("bridge", setting.bridge);
            number_or_null("effective", setting.effective);
        });
    }

    void put(const BridgeFacts &bridge) {
        text("name", bridge.summary.name);
        number("ports", bridge.summary.ports);
        flag("vlan_devices", bridge.carries_vlans);
        object("settings", [&] {
            put_family("ipv4", bridge.summary.ipv4);
            put_family("ipv6", bridge.summary.ipv6);
            put_family("arp", bridge.summary.arp);
        });
    }

    void put_conntrack(brpath_answer answer) {
        to_.Key("conntrack_registered");
        if (answer == BRPATH_ANSWER_UNKNOWN)
            to_.Null();
        else
            to_.Bool(answer == BRPATH_ANSWER_YES);
    }

    void put_facts(const AuditFacts &facts) {
        text("br_netfilter", to_string(facts.module));
        object("sysctls", [&] {
            for (const auto &sysctl : facts.sysctls)
                number_or_null(sysctl.key.c_str(), sysctl.value);
        });
        for (const bool ipv6 : {false, true})
            object(ipv6 ? "ipv6" : "ipv4", [&] {
                const auto &family = facts.families.at(ipv6);
                number_or_null("forwarding", family.forwards);
                put_conntrack(family.conntrack);
                list("translation", family.mechanisms);
            });
        list("bridges", facts.bridges);
    }

    void put(const Prediction &prediction) {
        text("bridge", prediction.bridge);
        text("family", prediction.ipv6 ? "ipv6" : "ipv4");
        text("frames", to_string(prediction.tag));
        std::vector<std::string> words;
        bool bypassed = false;
        for (const auto handling : prediction.handling) {
            words.emplace_back(to_string(handling));
            bypassed = bypassed || handling == BRPATH_BYPASSED;
        }
        texts("handling", words);
        text_or_null("reason", bypassed ? to_string(prediction.reason) : "");
        text_or_null("service", prediction.service ? to_string(*prediction.service) : "");
        text_or_null("why", prediction.why);
    }

    void put(const NamespaceAudit &audit) {
        object("netns", [&] {
            text_or_null("name", audit.facts.netns);
            number("inode", static_cast<std::int64_t>(audit.facts.inode));
        });
        text("result", to_string(audit.result));
        text("verdict", audit.verdict);
        put_facts(audit.facts);
        list("checks", audit.checks);
        list("predictions", audit.predictions);
    }
};

} // namespace

std::string render_audit_json(const Audit &audit) {
    rapidjson::StringBuffer buffer;

    Writer writer(buffer);
    writer.SetIndent(' ', 2);
    AuditWriter(writer).write(audit);
    return buffer.GetString() + std::string("\n");
}

} // namespace brpath
