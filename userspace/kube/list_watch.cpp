// SPDX-License-Identifier: BSD-2-Clause
#include "kube/list_watch.hpp"

#include <cctype>
#include <fmt/format.h>
#include <iterator>
#include <utility>

namespace brpath {

namespace {

constexpr int gone = 410; // the version is older than what the API remembers
constexpr int page_objects = 500;
constexpr int pages_max = 2000;
constexpr int watch_seconds = 300; // the server ends a watch then, and it is begun again from where it was

std::string quote_for_url(std::string_view text) {
    std::string quoted;

    for (const char c : text)
        quoted += std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' || c == '_' || c == '~'
                      ? std::string(1, c)
                      : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    return quoted;
}

std::string query_of(const KubeCollection &collection) {
    return collection.selector.empty() ? "" : "&fieldSelector=" + quote_for_url(collection.selector);
}

} // namespace

// A page whose token is too old fails the list: it begins anew the next time.
HttpResult<KubeList> list_kube_objects(const KubeTransport &transport, const KubeCollection &collection) {
    KubeList whole;

    for (int pages = 0; pages < pages_max; pages++) {
        const auto answer =
            transport.get(fmt::format("{}?limit={}{}{}", collection.path, page_objects, query_of(collection),
                                      whole.rest.empty() ? "" : "&continue=" + quote_for_url(whole.rest)));
        if (!answer)
            return tl::make_unexpected(answer.error());
        auto page = parse_kube_list(collection, *answer);
        if (!page)
            break;
        std::move(page->objects.begin(), page->objects.end(), std::back_inserter(whole.objects));
        whole.version = std::move(page->version);
        whole.rest = std::move(page->rest);
        if (whole.rest.empty())
            return whole;
    }
    return tl::make_unexpected(HttpFailure{
        {ErrorKind::failed, "list " + collection.path, "the answer is no list of the Kubernetes API", ""}});
}

KubeListWatch::KubeListWatch(KubeCollection collection, KubeTransport transport, KubeKeeper keeper)
    : collection_(std::move(collection)), transport_(std::move(transport)), keeper_(std::move(keeper)) {}

KubeListWatch::Next KubeListWatch::round() {
    if (version_.empty()) {
        auto list = list_kube_objects(transport_, collection_);
        if (!list) {
            keeper_.failed(list.error());
            return Next::later;
        }
        version_ = std::move(list->version);
        keeper_.replace(std::move(list->objects));
    }
    return watch();
}

KubeListWatch::Next KubeListWatch::watch() {
    bool has_heard = false, is_broken = false;
    int refused = 0;
    const auto end = transport_.follow(
        fmt::format("{}?watch=1&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}{}",
                    collection_.path, quote_for_url(version_), watch_seconds, query_of(collection_)),
        {.line =
             [&](std::string_view line) {
                 auto event = parse_kube_event(collection_, line);
                 if (!event || is_broken || refused != 0) {
                     is_broken = is_broken || !event; // what it was cannot be known: only a list helps
                     return;
                 }
                 if (event->type == KubeEvent::Type::refused) {
                     refused = event->code;
                     return;
                 }
                 has_heard = true;
                 version_ = event->version;
                 if (event->type == KubeEvent::Type::bookmark)
                     keeper_.heard();
                 else
                     keeper_.apply(std::move(*event));
             },
         .begun = [&] { keeper_.heard(); }});

    if (end.status == gone || refused == gone || is_broken) {
        version_.clear();
        return has_heard ? Next::at_once : Next::later;
    }
    // A watch that ends as it should has been answered, and said something now and then.
    if (end.status >= 300 || end.status == 0)
        keeper_.failed(end);
    return has_heard ? Next::at_once : Next::later;
}

} // namespace brpath
