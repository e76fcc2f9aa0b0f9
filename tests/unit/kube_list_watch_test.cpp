// SPDX-License-Identifier: BSD-2-Clause
// The rules of list and watch against an API that answers from a script.
#include "kube/list_watch.hpp"
#include "kube/own_node.hpp"

#include <deque>
#include <doctest/doctest.h>
#include <map>
#include <string>
#include <vector>

namespace {

using namespace brpath;

constexpr const char *page_one = R"({"metadata": {"resourceVersion": "100", "continue": "t+1"}, "items": [
    {"metadata": {"namespace": "shop", "name": "a"}, "status": {"podIP": "10.0.0.1"}}]})";
constexpr const char *page_two = R"({"metadata": {"resourceVersion": "100"}, "items": [
    {"metadata": {"namespace": "shop", "name": "b"}, "status": {"podIP": "10.0.0.2"}}]})";
constexpr const char *empty_list = R"({"metadata": {"resourceVersion": "300"}, "items": null})";

std::string event(const std::string &type, const std::string &name, const std::string &version) {
    return R"({"type": ")" + type + R"(", "object": {"metadata": {"namespace": "shop", "name": ")" + name +
           R"(", "resourceVersion": ")" + version + R"("}, "status": {"podIP": "10.0.0.9"}}})";
}

struct Answer {
    long status = 200;
    std::vector<std::string> lines{}; // a list is one
    bool is_complete = true;          // of a watch with status 200
};

// Answers in turn, and remembers what was asked.
struct ScriptedApi {
    std::deque<Answer> answers;
    std::vector<std::string> asked{};
    std::map<std::string, int> kept{}; // key: how often it was told
    int connected = 0, heard = 0, failed = 0, replaced = 0;

    Answer take(const std::string &path) {
        asked.push_back(path);
        REQUIRE_FALSE(answers.empty());
        const auto answer = answers.front();
        answers.pop_front();
        return answer;
    }

    KubeTransport transport() {
        return {[this](const std::string &path) -> HttpResult<std::string> {
                    const auto answer = take(path);
                    if (answer.status != 200)
                        return tl::make_unexpected(HttpFailure{{}, answer.status});
                    return answer.lines.front();
                },
                [this](const std::string &path, const StreamHandlers &handlers) {
                    const auto answer = take(path);
                    if (answer.status == 200)
                        handlers.begun();
                    for (const auto &line : answer.lines)
                        handlers.line(line);
                    return HttpFailure{{}, answer.status, answer.status == 200 && answer.is_complete};
                }};
    }

    KubeKeeper keeper() {
        return {[this](const std::vector<KubeObject> &all) {
                    replaced++;
                    kept.clear();
                    for (const auto &object : all)
                        kept[object.key]++;
                },
                [this](const KubeEvent &event) {
                    if (event.type == KubeEvent::Type::gone)
                        kept.erase(event.object.key);
                    else
                        kept[event.object.key]++;
                },
                [this] { connected++; }, [this] { heard++; }, [this](const HttpFailure &) { failed++; }};
    }

    KubeListWatch list_watch(const std::string &selector = "") {
        return {
            {.kind = KubeKind::pods, .path = "/api/v1/pods", .selector = selector}, transport(), keeper()};
    }
};

using Kept = std::map<std::string, int>;

TEST_CASE("a list by its pages, then a watch from its version") {
    ScriptedApi api{
        {{200, {page_one}},
         {200, {page_two}},
         {200, {event("ADDED", "c", "101"), event("DELETED", "a", "102"), event("MODIFIED", "b", "103")}}}};
    auto list_watch = api.list_watch("spec.nodeName=worker 1");

    list_watch.round();
    CHECK_EQ(api.kept, Kept{{"shop/b", 2}, {"shop/c", 1}});
    CHECK_EQ(api.asked,
             std::vector<std::string>{
                 "/api/v1/pods?limit=500&fieldSelector=spec.nodeName%3Dworker%201",
                 "/api/v1/pods?limit=500&fieldSelector=spec.nodeName%3Dworker%201&continue=t%2B1",
                 "/api/v1/pods?watch=1&allowWatchBookmarks=true&resourceVersion=100&timeoutSeconds=60"
                 "&fieldSelector=spec.nodeName%3Dworker%201"});
}

TEST_CASE("a watch that ends goes on from the last version, bookmarks too, without a list") {
    const std::string bookmark =
        R"({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "250"}}})";
    ScriptedApi api{{{200, {empty_list}}, {200, {event("ADDED", "c", "301")}}, {200, {bookmark}}, {200, {}}}};
    auto list_watch = api.list_watch();

    list_watch.round();
    list_watch.round();
    list_watch.round(); // nothing was said at all
    CHECK_EQ(api.replaced, 1);
    CHECK_EQ(api.failed, 0);
    CHECK(api.asked.at(2).find("resourceVersion=301&") != std::string::npos);
    CHECK(api.asked.at(3).find("resourceVersion=250&") != std::string::npos);
}

TEST_CASE("a version that is too old asks for the list again: as a status, as an event, and by a line that "
          "is no event") {
    const std::string error =
        R"({"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old"}})";

    for (const Answer &too_old : {Answer{410, {}}, Answer{200, {error, event("ADDED", "never", "9")}},
                                  Answer{200, {"{\"type\": \"ADD"}}}) {
        ScriptedApi api{{{200, {page_two}}, too_old, {200, {empty_list}}, {200, {}}}};
        auto list_watch = api.list_watch();

        list_watch.round();
        CHECK_EQ(api.kept, Kept{{"shop/b", 1}});
        list_watch.round();
        CHECK_EQ(api.replaced, 2);
        CHECK(api.kept.empty());
    }
}

TEST_CASE("what fails is told, waits, and begins where it was") {
    ScriptedApi api{{{401, {}},
                     {200, {page_one}},
                     {410, {}},
                     {200, {page_two}},
                     {0, {}},
                     {403, {}},
                     {200, {event("ADDED", "c", "101")}}}};
    auto list_watch = api.list_watch();

    list_watch.round();
    list_watch.round(); // the second page's token was too old
    CHECK_EQ(api.replaced, 0);
    CHECK_EQ(api.failed, 2);
    list_watch.round(); // no way to the API
    list_watch.round(); // forbidden
    CHECK_EQ(api.failed, 4);
    list_watch.round();
    CHECK_EQ(api.replaced, 1);
    CHECK_EQ(api.connected, 1);
    CHECK_EQ(api.heard, 1); // it ended as it should
    CHECK_EQ(api.kept, Kept{{"shop/b", 1}, {"shop/c", 1}});
}

TEST_CASE("a watch that is refused or breaks is told; what the API does not take leads to a list") {
    const std::string error =
        R"({"type": "ERROR", "object": {"kind": "Status", "code": 500, "message": "no leader"}})";
    const std::string odd = R"({"type": "ERROR", "object": {"kind": "Status"}})";
    struct Row {
        Answer answer;
        int failed;
        bool lists_again;
    };
    const Row rows[] = {{{200, {error}}, 1, true},      {{200, {odd}}, 1, true}, {{200, {}, false}, 1, false},
                        {{400, {}}, 1, true},           {{429, {}}, 1, false},   {{500, {}}, 1, false},
                        {{200, {"no event"}}, 1, true}, {{410, {}}, 0, true},    {{200, {}}, 0, false}};

    for (const auto &row : rows) {
        ScriptedApi api{{{200, {page_two}}, row.answer, {200, {empty_list}}, {200, {}}}};
        auto list_watch = api.list_watch();
        list_watch.round();
        CHECK_EQ(api.failed, row.failed);
        CHECK_EQ(api.heard, row.failed == 0 && !row.lists_again ? 1 : 0);
        if (!row.lists_again)
            api.answers.pop_front();
        list_watch.round();
        CHECK_EQ(api.asked.at(2).find("watch=1") == std::string::npos, row.lists_again);
    }
}

TEST_CASE("which node this machine is") {
    const std::string nodes = R"({"metadata": {"resourceVersion": "1"}, "items": [
        {"metadata": {"name": "worker-1"}, "status": {"addresses": [{"type": "InternalIP", "address": "192.168.60.1"}]}},
        {"metadata": {"name": "worker-2"}, "status": {"addresses": [{"type": "InternalIP", "address": "192.168.60.2"}]}}]})";
    struct Row {
        Machine machine;
        Answer answer;
        std::string name;
        bool is_guess;
    };
    const Row rows[] = {
        {{"given", "worker-2", {"192.168.60.1"}}, {}, "given", false},
        {{"", "other", {"10.0.0.1", "192.168.60.2"}}, {200, {nodes}}, "worker-2", false},
        {{"", "Worker-1", {"192.168.60.2"}}, {200, {nodes}}, "worker-1", false}, // an address of a Service
        {{"", "Worker-1", {}}, {403, {}}, "worker-1", true},
    };

    for (const auto &row : rows) {
        ScriptedApi api{{row.answer}};
        const auto node = find_own_node(api.transport(), row.machine);
        REQUIRE(node);
        CHECK_EQ(node->name, row.name);
        CHECK_EQ(node->is_guess, row.is_guess);
    }
    ScriptedApi none{{{0, {}}, {200, {nodes}}, {200, {nodes}}}};
    CHECK_FALSE(find_own_node(none.transport(), {}));
    CHECK_FALSE(find_own_node(none.transport(), {"", "other", {"10.0.0.1"}}));
    CHECK_FALSE(find_own_node(none.transport(), {"", "other", {"192.168.60.1", "192.168.60.2"}}));
}

} // namespace
