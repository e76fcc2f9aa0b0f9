// SPDX-License-Identifier: BSD-2-Clause
#include "kube/list_watch.hpp"

#include <cctype>
#include <fmt/format.h>
#include <iterator>
#include <utility>

namespace brpath {

namespace {

constexpr long unauthorized = 401, forbidden = 403, too_many = 429;
constexpr long gone = 410; // the version is older than what the API remembers
constexpr int page_objects = 500;
constexpr std::size_t objects_max = 200000;

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

    while (whole.objects.size() <= objects_max) {
        const auto answer =
            transport.get(fmt::format("{}?limit={}{}{}", collection.path, page_objects, query_of(collection),
                                      whole.rest.empty() ? "" : "&continue=" + quote_for_url(whole.rest)));
        if (!answer)
            return tl::make_unexpected(answer.error());
        auto page = parse_kube_list(collection, *answer);
        if (!page || (page->objects.empty() && !page->rest.empty())) // that would go on for ever
            break;
        std::move(page->objects.begin(), page->objects.end(), std::back_inserter(whole.objects));
        whole.version = std::move(page->version);
        whole.rest = std::move(page->rest);
        if (whole.rest.empty())
            return whole;
    }
    return tl::make_unexpected(
        HttpFailure{{ErrorKind::failed, "list " + collection.path,
                     "the answer is no list of the Kubernetes API, or one of more than 200,000", ""}});
}

KubeListWatch::KubeListWatch(KubeCollection collection, KubeTransport transport, KubeKeeper keeper)
    : collection_(std::move(collection)), transport_(std::move(transport)), keeper_(std::move(keeper)) {}

void KubeListWatch::round() {
    if (version_.empty()) {
        auto list = list_kube_objects(transport_, collection_);
        if (!list) {
            keeper_.failed(list.error());
            return;
        }
        version_ = std::move(list->version);
        keeper_.replace(std::move(list->objects));
    }
    watch();
}

void KubeListWatch::watch() {
    std::optional<KubeEvent> refusal;
    bool is_broken = false; // what a line said cannot be known: only a list helps
    const auto take = [&](std::string_view line) {
        auto event = parse_kube_event(collection_, line);
        is_broken = is_broken || !event;
        if (is_broken || refusal)
            return;
        if (event->type == KubeEvent::Type::refused) {
            refusal = std::move(event);
            return;
        }
        version_ = event->version;
        if (event->type == KubeEvent::Type::bookmark)
            keeper_.heard();
        else
            keeper_.apply(std::move(*event));
    };
    const auto end = transport_.follow(
        fmt::format("{}?watch=1&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}{}",
                    collection_.path, quote_for_url(version_), kube_watch_seconds, query_of(collection_)),
        {.line = take, .begun = [&] { keeper_.connected(); }});

    end_watch(end, refusal, is_broken);
}

// A watch that ended as it should has told all there was. Any other end leaves open what happened. The
// version is given up where the API does not take it (410 Gone), or may be the cause.
void KubeListWatch::end_watch(const HttpFailure &end, const std::optional<KubeEvent> &refusal,
                              bool is_broken) {
    const long status = refusal ? refusal->code : end.status;
    const bool is_ours =
        status >= 400 && status < 500 && status != unauthorized && status != forbidden && status != too_many;

    if (is_broken || refusal || is_ours)
        version_.clear();
    if (status == gone)
        return; // the list comes next
    if (refusal || is_broken) {
        auto failure = end;
        failure.error.why = refusal ? "the API ends it: " + refusal->message : "a line is no event";
        keeper_.failed(failure);
    } else if (!end.is_complete) {
        keeper_.failed(end);
    } else {
        keeper_.heard();
    }
}

} // namespace brpath
