// SPDX-License-Identifier: BSD-2-Clause
#include "api/docker_source.hpp"

#include "api/docker_records.hpp"
#include "api/http.hpp"
#include "util/backoff.hpp"
#include "util/printable.hpp"

#include <chrono>
#include <mutex>
#include <stop_token>
#include <thread>
#include <unistd.h>
#include <utility>

namespace brpath {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds first_retry{250}, longest_retry{30000};
// Of a burst of events the first one is followed at once, the others together.
constexpr milliseconds pause_between_lists{200};
// For as long as the service says something; an event is a line.
constexpr HttpLimits follow_limits{.time = milliseconds(0), .bytes_max = std::size_t{1} << 20};
// {"type":["container","network"]}
constexpr const char *events_path =
    "/events?filters=%7B%22type%22%3A%5B%22container%22%2C%22network%22%5D%7D";

class DockerSource : public NameSource {
  public:
    DockerSource(const char *id, std::string socket_path)
        : id_(id), server_{.socket_path = std::move(socket_path), .base_url = "http://docker"},
          thread_([this](const std::stop_token &stop) { run(stop); }) {}

    [[nodiscard]] const char *id() const override { return id_; }

    [[nodiscard]] SourceReport report() override {
        const std::lock_guard lock(mutex_);
        return report_;
    }

  private:
    void run(const std::stop_token &stop) {
        Backoff backoff(first_retry, longest_retry);

        while (!stop.stop_requested()) {
            if (access(server_.socket_path.c_str(), F_OK) != 0) {
                publish_no_socket();
            } else if (list(stop)) {
                backoff.reset();
                follow(stop);
            }
            wait_or_stop(stop, backoff.take());
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

        const auto end = http_stream(server_, events_path, stop,
                                     {.line =
                                          [&](std::string_view) {
                                              is_old = true;
                                              publish_doubt();
                                          },
                                      .tick = tick},
                                     follow_limits);
        if (!stop.stop_requested())
            publish_down(end.error);
    }

    bool list(const std::stop_token &stop) {
        const auto answer = http_get(server_, "/containers/json", stop);
        if (!answer) {
            if (!stop.stop_requested())
                publish_down(answer.error().error);
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
        was_up_ = true;
        publish({SourceReport::State::up, "", std::move(known)});
        return true;
    }

    // One that was there should be there: a daemon takes its socket along when it ends.
    void publish_no_socket() {
        if (was_up_)
            publish_down({ErrorKind::failed, "ask " + server_.socket_path, "the socket is gone", ""});
        else
            publish({SourceReport::State::absent, "", report().names});
    }

    // What it knew holds as of the first failure in a row: whatever moves from then on it cannot tell.
    void publish_down(const Error &error) {
        const auto before = report();
        publish({SourceReport::State::down, printable("cannot " + error.tried + ": " + error.why),
                 before.names, before.as_of.value_or(Clock::now())});
    }

    // Something has happened: until the containers are listed again they are as they were.
    void publish_doubt() {
        const std::lock_guard lock(mutex_);
        report_.as_of = report_.as_of.value_or(Clock::now());
    }

    void publish(SourceReport report) {
        const std::lock_guard lock(mutex_);
        report_ = std::move(report);
    }

    const char *id_;
    HttpServer server_;
    bool was_up_ = false; // the thread's
    std::mutex mutex_;
    SourceReport report_;
    std::jthread thread_; // the last member: it ends before the others do
};

} // namespace

std::unique_ptr<NameSource> make_docker_source(const char *id, std::string socket_path) {
    return std::make_unique<DockerSource>(id, std::move(socket_path));
}

} // namespace brpath
