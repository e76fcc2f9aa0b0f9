// SPDX-License-Identifier: BSD-2-Clause
// What the Kubernetes API answers when it is asked for a list, or to be watched. No input or output.
#pragma once

#include "kube/objects.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace brpath {

// A page of a list.
struct KubeList {
    std::vector<KubeObject> objects{};
    std::string version{}; // of the collection (resourceVersion): where to watch from
    std::string rest{};    // token that gets the next page; empty: this was the last one
};

// A line of a watch.
struct KubeEvent {
    enum class Type : std::uint8_t {
        changed,  // the object is there, new or not
        gone,     // it was deleted
        bookmark, // nothing happened, up to this version
        refused,  // the watch has ended: `code` and `message` say why
    };

    Type type = Type::bookmark;
    KubeObject object{};
    std::string version{};
    int code = 0; // as an HTTP status
    std::string message{};
};

struct KubeCollection {
    KubeKind kind{};
    std::string path{};     // "/api/v1/pods"
    std::string selector{}; // "spec.nodeName=worker-1"; empty: all
    std::string own_node{}; // as read_kube_object() wants it
};

// nullopt if it is no such list.
std::optional<KubeList> parse_kube_list(const KubeCollection &collection, std::string_view answer);

// nullopt if it is no event, or one without what belongs to it.
std::optional<KubeEvent> parse_kube_event(const KubeCollection &collection, std::string_view line);

// The message of an answer that refuses ("kind": "Status"), one line, safe to print; empty if it has none.
std::string parse_kube_refusal(std::string_view answer);

} // namespace brpath
