// SPDX-License-Identifier: BSD-2-Clause
#include "output/json_values.hpp"
#include "output/render.hpp"
#include "output/who_text.hpp"

#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace brpath {

namespace {

// Writes a summary as it goes, without a tree in between: with a thousand pairs ten times a second, building
// one cost more than everything else. Keys stand as docs/summary-json.md has them. `Writer` is one of
// RapidJSON's; printable() leaves it valid UTF-8 only.
template <typename Writer> class SummaryWriter : private JsonValues<Writer> {
  public:
    explicit SummaryWriter(Writer &writer) : JsonValues<Writer>(writer) {}

    void write(const Summary &summary) {
        object([&] {
            text("schema", "brpath.summary/1");
            object("node", [&] { write(summary.node); });
            list("hooks", summary.hooks);
            object("module", [&] {
                to_.Key("br_netfilter");
                to_.Bool(summary.module_present);
            });
            list("bridges", summary.bridges);
            list("changes", summary.changes);
            object("frames", [&] { write(summary.frames); });
            list("pairs", summary.pairs);
            list("findings", summary.findings);
            object("losses", [&] { write(summary.losses); });
            object("names", [&] { list("sources", summary.name_sources); });
        });
    }

  private:
    using Base = JsonValues<Writer>;
    using Base::number;
    using Base::number_or_null;
    using Base::object;
    using Base::text;
    using Base::text_or_null;
    using Base::to_;

    template <typename Item> void list(const char *key, const std::vector<Item> &items) {
        Base::objects(key, items, [&](const Item &item) { write(item); });
    }

    void list(const char *key, const std::vector<std::string> &texts) { Base::texts(key, texts); }

    void write(const Node &node) {
        text_or_null("hostname", node.hostname);
        text_or_null("kernel", node.kernel);
        text_or_null("netns", node.netns);
        text_or_null("started", node.started);
        to_.Key("duration_s");
        to_.Double(node.duration_s);
    }

    void write(const AttachedHook &hook) {
        text("hook", hook.hook);
        text("symbol", hook.symbol);
        text("backend", hook.backend);
    }

    void write(const FamilySetting &setting) {
        number_or_null("sysctl", setting.sysctl);
        number_or_null("bridge", setting.bridge);
        number_or_null("effective", setting.effective);
    }

    void write(const BridgeSummary &bridge) {
        text("name", bridge.name);
        number("ports", bridge.ports);
        object("settings", [&] {
            object("ipv4", [&] { write(bridge.ipv4); });
            object("ipv6", [&] { write(bridge.ipv6); });
            object("arp", [&] { write(bridge.arp); });
        });
    }

    void write(const SettingChange &change) {
        text("time", change.time);
        text("what", change.what);
        text("from", change.from);
        text("to", change.to);
        if (change.who)
            object("who", [&] { write_who(to_, *change.who); });
        else
            text_or_null("who", {});
    }

    void write(const FrameTotals &frames) {
        number("entered", frames.entered);
        for (const auto path : {BRPATH_BRIDGED, BRPATH_ROUTED, BRPATH_UP, BRPATH_FLOODED, BRPATH_DROPPED})
            number(to_string(path), frames.by_path.at(path));
        number("in_flight", frames.in_flight);
        number(to_string(BRPATH_EGRESS), frames.by_path[BRPATH_EGRESS]);
    }

    // Those of an enumeration that are not 0.
    template <typename Word, std::size_t size>
    void some(const char *key, const std::array<std::int64_t, size> &counts) {
        object(key, [&] {
            for (std::size_t i = 0; i < size; i++)
                if (counts.at(i) != 0)
                    number(to_string(static_cast<Word>(i)), counts.at(i));
        });
    }

    void write(const Counts &counts) {
        number("frames", counts.frames);
        number("bytes", counts.bytes);
        for (std::size_t i = 0; i < BRPATH_HANDLINGS; i++)
            number(to_string(static_cast<brpath_handling>(i)), counts.by_handling.at(i));
        some<brpath_path>("paths", counts.by_path);
        if (counts.by_handling[BRPATH_BYPASSED] > 0)
            some<brpath_reason>("bypass_reasons", counts.by_reason);
        if (counts.dropped_in_ip_hooks > 0)
            number("dropped_in_ip_hooks", counts.dropped_in_ip_hooks);
        if (counts.translated_in_bridge > 0)
            number("translated_in_bridge", counts.translated_in_bridge);
    }

    void write(const Endpoint &endpoint) {
        text_or_null("name", endpoint.name);
        text_or_null("ip", endpoint.ip);
        text_or_null("port_device", endpoint.port_device);
    }

    void write(const Service &service) {
        text_or_null("name", service.name);
        text_or_null("ip", service.ip);
        number("port", service.port);
    }

    template <typename SomePair> void write_who_talks(const SomePair &pair) {
        object("client", [&] { write(pair.client); });
        object("server", [&] { write(pair.server); });
        if (pair.service)
            object("service", [&] { write(*pair.service); });
        else
            text_or_null("service", {});
        text("protocol", pair.protocol);
        if (pair.vlan != 0)
            number("vlan", pair.vlan);
    }

    void write(const Pair &pair) {
        write_who_talks(pair);
        object("to_server", [&] { write(pair.to_server); });
        object("to_client", [&] { write(pair.to_client); });
        list("findings", pair.findings);
    }

    void write(const AroundChange &direction) {
        some<brpath_handling>("before", direction.before);
        some<brpath_handling>("since", direction.since);
    }

    void write(const MovedPair &pair) {
        write_who_talks(pair);
        object("to_server", [&] { write(pair.to_server); });
        object("to_client", [&] { write(pair.to_client); });
    }

    void write(const Finding &finding) {
        text("id", finding.id);
        text("severity", to_string(finding.severity));
        text("summary", finding.summary);
        object("evidence", [&] {
            for (const auto &[key, value] : finding.evidence) {
                if (const auto *count = std::get_if<std::int64_t>(&value))
                    number(printable(key).c_str(), *count);
                else if (const auto *moved = std::get_if<std::vector<MovedPair>>(&value))
                    list(printable(key).c_str(), *moved);
                else
                    text(printable(key).c_str(), std::get<std::string>(value));
            }
        });
        list("fix", finding.fix);
    }

    void write(const NameSourceState &source) {
        text("id", source.id);
        text("state", to_string(source.state));
        number("endpoints", source.endpoints);
        number("services", source.services);
        text_or_null("why", source.why);
    }

    void write(const Losses &losses) {
        number("ring_full", losses.ring_full);
        number("flow_table_full", losses.flow_table_full);
        number("unattributed_frames", losses.unattributed_frames);
        number_or_null("missed_probes", losses.missed_probes);
        number("forgotten_pairs", losses.forgotten_pairs);
        number("unlisted_changes", losses.unlisted_changes);
    }
};

template <typename Writer>
std::string finish(rapidjson::StringBuffer &buffer, Writer &writer, const Summary &summary) {
    SummaryWriter<Writer>(writer).write(summary);
    buffer.Put('\n');
    return {buffer.GetString(), buffer.GetSize()};
}

} // namespace

std::string render_json(const Summary &summary) {
    rapidjson::StringBuffer buffer;
    rapidjson::PrettyWriter<rapidjson::StringBuffer> writer(buffer);

    writer.SetIndent(' ', 2);
    return finish(buffer, writer, summary);
}

std::string render_ndjson(const Summary &summary) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);

    return finish(buffer, writer, summary);
}

} // namespace brpath
