// SPDX-License-Identifier: BSD-2-Clause
// Keeps a copy of a collection of the Kubernetes API: list, then watch from the list's version, and list
// again when that version is too old (410 Gone). By the API's own rules:
// https://kubernetes.io/docs/reference/using-api/api-concepts/
#pragma once

#include "api/http.hpp"
#include "kube/answers.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace brpath {

// The way to the API, for each request anew: credentials are renewed while brpath runs.
struct KubeTransport {
    std::function<HttpResult<std::string>(const std::string &path)> get;
    std::function<HttpFailure(const std::string &path, const StreamHandlers &handlers)> follow;
};

// Who keeps the copy. Called in the thread that calls KubeListWatch::round().
struct KubeKeeper {
    std::function<void(std::vector<KubeObject>)> replace; // all of them, as they are now
    std::function<void(KubeEvent)> apply;                 // changed or gone
    std::function<void()> connected;                 // the API answers; what happened meanwhile is to come
    std::function<void()> heard;                     // nothing else has happened up to now
    std::function<void(const HttpFailure &)> failed; // what is kept may be old from now on
};

// The server ends a watch then, and it is begun again from where it was: each end says that nothing was
// missed.
inline constexpr int kube_watch_seconds = 60;

inline constexpr const char *kube_nodes_path = "/api/v1/nodes";

// The whole collection, page by page.
HttpResult<KubeList> list_kube_objects(const KubeTransport &transport, const KubeCollection &collection);

class KubeListWatch {
  public:
    KubeListWatch(KubeCollection collection, KubeTransport transport, KubeKeeper keeper);

    // Asks for the list unless it is known, then watches until the watch ends, a minute at most. Whoever
    // calls it again waits before.
    void round();

  private:
    void watch();
    void end_watch(const HttpFailure &end, const std::optional<KubeEvent> &refusal, bool is_broken);

    KubeCollection collection_;
    KubeTransport transport_;
    KubeKeeper keeper_;
    std::string version_; // empty: a list is due
};

} // namespace brpath
