// SPDX-License-Identifier: BSD-2-Clause
#include "kube/answers.hpp"

#include "util/printable.hpp"

#include <utility>

namespace brpath {

namespace {

using json::for_each, json::member, json::text_at, json::Value;

constexpr std::size_t message_bytes_max = 200; // it ends up in one line of the summary

std::string message_of(const Value &status) {
    return printable(text_at(&status, "message").substr(0, message_bytes_max));
}

std::string version_of(const Value *object) {
    return std::string(text_at(member(object, "metadata"), "resourceVersion"));
}

int code_of(const Value &status) {
    const Value *code = member(&status, "code");
    return code && code->IsInt() ? code->GetInt() : 0;
}

} // namespace

std::optional<KubeList> parse_kube_list(const KubeCollection &collection, std::string_view answer) {
    rapidjson::Document document;
    KubeList list;

    if (!json::parse(document, answer) || !document.IsObject())
        return std::nullopt;
    list.version = version_of(&document);
    list.rest = std::string(text_at(member(&document, "metadata"), "continue"));
    if (list.version.empty())
        return std::nullopt;
    // "items" is null where there are none.
    for_each(member(&document, "items"), [&](const Value &item) {
        if (auto object = read_kube_object(collection.kind, item, collection.own_node); !object.key.empty())
            list.objects.push_back(std::move(object));
    });
    return list;
}

std::optional<KubeEvent> parse_kube_event(const KubeCollection &collection, std::string_view line) {
    rapidjson::Document document;
    KubeEvent event;

    if (!json::parse(document, line))
        return std::nullopt;
    const auto type = text_at(&document, "type");
    const Value *object = member(&document, "object");
    if (!object)
        return std::nullopt;
    if (type == "ERROR") {
        event.type = KubeEvent::Type::refused;
        event.code = code_of(*object);
        event.message = message_of(*object);
        return event;
    }
    event.version = version_of(object);
    if (event.version.empty())
        return std::nullopt;
    if (type == "BOOKMARK")
        return event;
    if (type != "ADDED" && type != "MODIFIED" && type != "DELETED")
        return std::nullopt;
    event.type = type == "DELETED" ? KubeEvent::Type::gone : KubeEvent::Type::changed;
    event.object = read_kube_object(collection.kind, *object, collection.own_node);
    if (event.object.key.empty())
        return std::nullopt;
    return event;
}

std::string parse_kube_refusal(std::string_view answer) {
    rapidjson::Document document;

    return json::parse(document, answer) && text_at(&document, "kind") == "Status" ? message_of(document)
                                                                                   : "";
}

} // namespace brpath
