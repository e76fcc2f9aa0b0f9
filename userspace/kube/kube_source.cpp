// SPDX-License-Identifier: BSD-2-Clause
#include "kube/kube_source.hpp"

#include "kernel/links.hpp"
#include "kube/cluster_names.hpp"
#include "kube/list_watch.hpp"
#include "kube/own_node.hpp"
#include "util/backoff.hpp"
#include "util/printable.hpp"

#include <array>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <stop_token>
#include <sys/utsname.h>
#include <thread>
#include <utility>

namespace brpath {

namespace {

using std::chrono::milliseconds, std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds first_retry{500}, longest_retry{30000};
// A list comes at once or not at all.
constexpr HttpLimits list_limits{.time = milliseconds(30000), .quiet = seconds(10)};
constexpr HttpLimits watch_limits{.time = seconds(kube_watch_seconds + 15),
                                  .bytes_max = std::size_t{16} << 20};
constexpr seconds steady_time{10}; // a watch that lasted so long was no failure in a row
constexpr const char *no_answer_yet = "the API has not answered yet";
constexpr seconds quiet_time{90}; // silence of more than that is no sign that nothing has happened

// In the order of KubeKind.
struct Listed {
    const char *path;
    bool is_needed; // the others add names, and a kubelet's credentials may not list all of them
};
constexpr std::array<Listed, 4> collections = {{{kube_nodes_path, false},
                                                {"/api/v1/pods", true},
                                                {"/api/v1/services", true},
                                                {"/apis/discovery.k8s.io/v1/endpointslices", false}}};

Machine this_machine() {
    utsname system{};
    const char *node_name = std::getenv("NODE_NAME"); // NOLINT(concurrency-mt-unsafe) nothing here sets it

    ::uname(&system);
    return {node_name ? node_name : "", system.nodename,
            list_addresses().value_or(std::vector<std::string>())};
}

std::string describe(const HttpFailure &failure) {
    const auto refusal = parse_kube_refusal(failure.body);
    auto text = printable("cannot " + failure.error.tried + ": " + failure.error.why);

    return refusal.empty() ? text : text + ": " + refusal;
}

class KubeSource : public NameSource {
  public:
    explicit KubeSource(KubePlaces places)
        : places_(std::move(places)), machine_(this_machine()),
          thread_([this](const std::stop_token &stop) { run(stop); }) {}

    [[nodiscard]] const char *id() const override { return "kubernetes"; }
    [[nodiscard]] SourceReport report() override;

  private:
    struct Copy {
        bool is_listed = false;
        std::string why; // it is old, or not there; empty: it is current
        Clock::time_point heard{};
    };

    void run(const std::stop_token &stop);
    [[nodiscard]] std::optional<OwnNode> find_node(const std::stop_token &stop);
    void keep(KubeKind kind, const std::stop_token &stop);
    [[nodiscard]] KubeTransport transport(const std::stop_token &stop) const;
    [[nodiscard]] KubeKeeper keeper(KubeKind kind);
    [[nodiscard]] KubeObjects &objects(KubeKind kind);
    void replace(KubeKind kind, std::vector<KubeObject> all);
    void apply(KubeKind kind, KubeEvent event);
    void weigh_slices();
    [[nodiscard]] SourceReport::State state(std::string &why) const;

    Copy &copy(KubeKind kind) { return copies_.at(static_cast<std::size_t>(kind)); }
    void publish(std::optional<std::string> problem) {
        const std::lock_guard lock(mutex_);
        problem_ = std::move(problem);
    }

    const KubePlaces places_;
    const Machine machine_;
    std::mutex mutex_;                        // for what follows
    std::optional<std::string> problem_ = ""; // before anything can be listed; empty: there is no API
    bool node_is_guess_ = false;
    KubeCluster cluster_;
    std::array<Copy, collections.size()> copies_;
    bool has_changed_ = false; // since the names were made
    std::shared_ptr<const NameSet> names_ = std::make_shared<const NameSet>();
    std::jthread thread_; // the last member: it ends before the others do
};

SourceReport::State KubeSource::state(std::string &why) const {
    bool is_down = false;

    if (problem_) {
        why = *problem_;
        return why.empty() ? SourceReport::State::absent : SourceReport::State::down;
    }
    for (std::size_t i = 0; i < collections.size(); i++) {
        const Copy &copy = copies_.at(i);
        const bool is_needed = collections.at(i).is_needed;
        const bool is_quiet = copy.is_listed && Clock::now() - copy.heard > quiet_time;
        const bool fails = !copy.why.empty() || is_quiet || (is_needed && !copy.is_listed);
        if (!fails || is_down || (!is_needed && !why.empty()))
            continue;
        why = !copy.why.empty() ? copy.why : is_quiet ? "the API says nothing any more" : no_answer_yet;
        is_down = is_needed;
    }
    if (!is_down && node_is_guess_ && cluster_.pods.empty())
        why = (why.empty() ? "" : why + "; ") + "no pod is on a node called " + printable(cluster_.own_node) +
              ": NODE_NAME says which one this is";
    return is_down ? SourceReport::State::down : SourceReport::State::up;
}

// Names are put together here and not in the threads: many events between two looks cost as much as one.
SourceReport KubeSource::report() {
    const std::lock_guard lock(mutex_);
    SourceReport report;

    weigh_slices();
    if (std::exchange(has_changed_, false))
        if (auto names = names_of_cluster(cluster_); names != *names_)
            names_ = std::make_shared<const NameSet>(std::move(names));
    report.state = state(report.why);
    report.names = names_;
    const Copy &pods = copy(KubeKind::pods);
    if (!pods.why.empty() || Clock::now() - pods.heard > quiet_time)
        report.as_of = pods.heard;
    return report;
}

// Without the nodes' addresses slices cannot be told from what runs with those (hostNetwork). Slices that are
// old are left out: nothing else would tell that an address on another node has moved, and the node's name is
// right in any case.
void KubeSource::weigh_slices() {
    const bool uses =
        copy(KubeKind::nodes).is_listed && Clock::now() - copy(KubeKind::slices).heard <= quiet_time;

    has_changed_ = has_changed_ || uses != cluster_.uses_slices;
    cluster_.uses_slices = uses;
}

KubeObjects &KubeSource::objects(KubeKind kind) {
    switch (kind) {
    case KubeKind::nodes:
        return cluster_.nodes;
    case KubeKind::pods:
        return cluster_.pods;
    case KubeKind::services:
        return cluster_.services;
    case KubeKind::slices:
        break;
    }
    return cluster_.slices;
}

KubeTransport KubeSource::transport(const std::stop_token &stop) const {
    const auto with_server = [this](auto ask) -> decltype(ask(HttpServer())) {
        const auto server = find_kube_server(places_);
        if (!server)
            return tl::make_unexpected(HttpFailure{server.error()});
        if (!*server)
            return tl::make_unexpected(
                HttpFailure{{ErrorKind::failed, "find the Kubernetes API", "its configuration is gone", ""}});
        return ask(**server);
    };

    return {[=](const std::string &path) {
                return with_server([&](const HttpServer &server) -> HttpResult<std::string> {
                    return http_get(server, path, stop, list_limits);
                });
            },
            [=](const std::string &path, const StreamHandlers &handlers) {
                const auto end = with_server([&](const HttpServer &server) -> HttpResult<void> {
                    return tl::make_unexpected(http_stream(server, path, stop, handlers, watch_limits));
                });
                return end.error();
            }};
}

void KubeSource::replace(KubeKind kind, std::vector<KubeObject> all) {
    KubeObjects &kept = objects(kind);

    kept.clear();
    for (auto &object : all)
        kept.insert_or_assign(std::move(object.key), std::move(object.says));
    has_changed_ = true;
}

// Most events are about what is not read here, such as a node's heartbeat.
void KubeSource::apply(KubeKind kind, KubeEvent event) {
    KubeObjects &kept = objects(kind);
    const auto before = kept.find(event.object.key);

    if (event.type == KubeEvent::Type::gone) {
        has_changed_ = kept.erase(event.object.key) != 0 || has_changed_;
    } else if (before == kept.end() || before->second != event.object.says) {
        kept.insert_or_assign(std::move(event.object.key), std::move(event.object.says));
        has_changed_ = true;
    }
}

KubeKeeper KubeSource::keeper(KubeKind kind) {
    const auto note = [this, kind](auto change) {
        const std::lock_guard lock(mutex_);
        Copy &kept = copy(kind);
        change();
        kept.is_listed = true;
        kept.why.clear();
        kept.heard = Clock::now();
    };

    return {
        .replace = [=, this](std::vector<KubeObject> all) { note([&] { replace(kind, std::move(all)); }); },
        .apply = [=, this](KubeEvent event) { note([&] { apply(kind, std::move(event)); }); },
        .connected =
            [this, kind] {
                const std::lock_guard lock(mutex_);
                copy(kind).why.clear();
            },
        .heard = [=] { note([] {}); },
        .failed =
            [this, kind](const HttpFailure &failure) {
                const std::lock_guard lock(mutex_);
                copy(kind).why = describe(failure);
            }};
}

std::optional<OwnNode> KubeSource::find_node(const std::stop_token &stop) {
    Backoff backoff(first_retry, longest_retry);

    while (!stop.stop_requested()) {
        const auto server = find_kube_server(places_);
        if (!server) {
            publish(printable("cannot " + server.error().tried + ": " + server.error().why));
        } else if (!*server) {
            publish("");
        } else {
            publish(no_answer_yet);
            auto node = find_own_node(transport(stop), machine_);
            if (node)
                return *node;
            publish(describe(node.error()));
        }
        wait_or_stop(stop, backoff.take());
    }
    return std::nullopt;
}

void KubeSource::keep(KubeKind kind, const std::stop_token &stop) {
    Backoff backoff(first_retry, longest_retry);
    KubeCollection collection{.kind = kind, .path = collections.at(static_cast<std::size_t>(kind)).path};
    {
        const std::lock_guard lock(mutex_);
        collection.own_node = cluster_.own_node;
    }
    if (kind == KubeKind::pods)
        collection.selector = "spec.nodeName=" + collection.own_node;
    KubeListWatch list_watch(std::move(collection), transport(stop), keeper(kind));

    while (!stop.stop_requested()) {
        const auto begin = Clock::now();
        list_watch.round();
        if (Clock::now() - begin >= steady_time)
            backoff.reset();
        wait_or_stop(stop, backoff.take());
    }
}

void KubeSource::run(const std::stop_token &stop) {
    const auto node = find_node(stop);
    if (!node)
        return;
    {
        const std::lock_guard lock(mutex_);
        cluster_.own_node = node->name;
        node_is_guess_ = node->is_guess;
        problem_.reset();
    }
    std::vector<std::jthread> others;
    for (const auto kind : {KubeKind::nodes, KubeKind::services, KubeKind::slices})
        others.emplace_back([this, kind, &stop] { keep(kind, stop); });
    keep(KubeKind::pods, stop);
}

} // namespace

std::unique_ptr<NameSource> make_kube_source(KubePlaces places) {
    return std::make_unique<KubeSource>(std::move(places));
}

} // namespace brpath
