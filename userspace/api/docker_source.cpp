// SPDX-License-Identifier: BSD-2-Clause
#include "api/docker_source.hpp"

#include "api/docker_records.hpp"
#include "api/http.hpp"
#include "util/printable.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <unistd.h>
#include <utility>

namespace brpath {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds first_retry{250}, last_retry{30000};
// Of a burst of events the first one is followed at once, the others together.
constexpr milliseconds pause_between_lists{200};
// {"type":["container","network"]}
constexpr const char *events_path =
    "/events?filters=%7B%22type%22%3A%5B%22container%22%2C%22network%22%5D%7D";

class DockerSource : public NameSource {
  public:
    DockerSource(const char *id, std::string socket_path)
        : id_(id), server_{std::move(socket_path), "http://docker"},
          thread_([this](const std::stop_token &stop) { run(stop); }) {}

    [[nodiscard]] const char *id() const override { return id_; }

    [[nodiscard]] SourceReport report() override {
        const std::lock_guard lock(mutex_);
        return report_;
    }

  private:
    void run(const std::stop_token &stop) {
        auto retry = first_retry;

        while (!stop.stop_requested()) {
            if (access(server_.socket_path.c_str(), F_OK) != 0) {
                publish({SourceReport::State::absent, "", report().names});
            } else if (list(stop)) {
                retry = first_retry;
                follow(stop);
            }
            wait(stop, retry);
            retry = std::min(2 * retry, last_retry);
        }
    }

    // Returns when the events end.
    void follow(const std::stop_token &stop) {
        bool is_old = true; // what happened before the events were followed
        auto next = Clock::now();
        const auto tick = [&] {
            if (!is_old || Clock::now() < next)
                return;
            is_old = false;
            list(stop);
            next = Clock::now() + pause_between_lists;
        };

        const auto error =
            http_stream(server_, events_path, stop, {[&](std::string_view) { is_old = true; }, tick});
        if (!stop.stop_requested())
            publish_down(error);
    }

    bool list(const std::stop_token &stop) {
        const auto answer = http_get(server_, "/containers/json", stop);
        if (!answer) {
            if (!stop.stop_requested())
                publish_down(answer.error());
            return false;
        }
        auto names = parse_containers(*answer);
        if (!names) {
            publish_down({ErrorKind::failed, "read the containers of " + server_.socket_path,
                          "the answer is no list", ""});
            return false;
        }
        auto known = report().names;
        if (*names != *known)
            known = std::make_shared<const NameSet>(std::move(*names));
        publish({SourceReport::State::up, "", std::move(known)});
        return true;
    }

    void publish_down(const Error &error) {
        publish({SourceReport::State::down, printable("cannot " + error.tried + ": " + error.why),
                 report().names});
    }

    void publish(SourceReport report) {
        const std::lock_guard lock(mutex_);
        report_ = std::move(report);
    }

    void wait(const std::stop_token &stop, milliseconds time) {
        std::unique_lock lock(mutex_);
        ended_.wait_for(lock, stop, time, [] { return false; });
    }

    const char *id_;
    HttpServer server_;
    std::mutex mutex_;
    std::condition_variable_any ended_;
    SourceReport report_;
    std::jthread thread_; // the last member: it ends before the others do
};

} // namespace

std::unique_ptr<NameSource> make_docker_source(const char *id, std::string socket_path) {
    return std::make_unique<DockerSource>(id, std::move(socket_path));
}

} // namespace brpath
