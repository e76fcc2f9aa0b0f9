// SPDX-License-Identifier: BSD-2-Clause
#include "api/http.hpp"

#include <curl/curl.h>
#include <memory>
#include <mutex>
#include <utility>

namespace brpath {

namespace {

constexpr std::size_t line_bytes_max = std::size_t{1} << 20;
constexpr int tick_ms = 100;
constexpr long connect_timeout_ms = 2000;

struct CloseEasy {
    void operator()(CURL *easy) const { curl_easy_cleanup(easy); }
};
struct CloseMulti {
    void operator()(CURLM *multi) const { curl_multi_cleanup(multi); }
};
using Easy = std::unique_ptr<CURL, CloseEasy>;
using Multi = std::unique_ptr<CURLM, CloseMulti>;
using Chunk = std::function<bool(std::string_view)>; // false: no more of it

std::size_t write_chunk(char *data, std::size_t size, std::size_t count, void *to) {
    return (*static_cast<Chunk *>(to))({data, size * count}) ? size * count : 0;
}

// libcurl wants it once in a process, before there are threads of its own.
bool is_ready() {
    static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    return ready;
}

Easy make_request(const HttpServer &server, const std::string &url, Chunk &chunk) {
    Easy easy(is_ready() ? curl_easy_init() : nullptr);

    if (!easy)
        return easy;
    curl_easy_setopt(easy.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy.get(), CURLOPT_UNIX_SOCKET_PATH, server.socket_path.c_str());
    curl_easy_setopt(easy.get(), CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy.get(), CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
    curl_easy_setopt(easy.get(), CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, write_chunk);
    curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &chunk);
    return easy;
}

std::string describe(CURL *easy, CURLcode code) {
    long status = 0;

    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_HTTP_RETURNED_ERROR)
        return "the server answers with status " + std::to_string(status);
    return curl_easy_strerror(code);
}

// nullopt-like: an empty string when the transfer is complete; else why it is not.
std::string transfer(CURL *easy, const std::stop_token &stop, const std::function<void()> &tick) {
    const Multi multi(curl_multi_init());
    int running = 1;

    if (!multi || curl_multi_add_handle(multi.get(), easy) != CURLM_OK)
        return "no memory";
    std::string why;
    {
        const std::stop_callback wake(stop, [&] { curl_multi_wakeup(multi.get()); });
        while (running && !stop.stop_requested()) {
            if (curl_multi_perform(multi.get(), &running) != CURLM_OK)
                break;
            tick();
            if (running)
                curl_multi_poll(multi.get(), nullptr, 0, tick_ms, nullptr);
        }
    }
    if (running)
        why = "given up";
    int left = 0;
    while (const CURLMsg *message = curl_multi_info_read(multi.get(), &left))
        if (message->msg == CURLMSG_DONE && message->data.result != CURLE_OK)
            why = describe(easy, message->data.result);
    curl_multi_remove_handle(multi.get(), easy);
    return why;
}

// Cuts what comes into lines.
class Lines {
  public:
    explicit Lines(const std::function<void(std::string_view)> &handle) : handle_(handle) {}

    bool add(std::string_view bytes) {
        rest_ += bytes;
        for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n')) {
            const std::string_view lines = rest_;
            handle_(lines.substr(0, end));
            rest_.erase(0, end + 1);
        }
        return rest_.size() <= line_bytes_max;
    }

  private:
    const std::function<void(std::string_view)> &handle_;
    std::string rest_;
};

} // namespace

Result<std::string> http_get(const HttpServer &server, const std::string &path, const std::stop_token &stop,
                             const HttpLimits &limits) {
    std::string body;
    Chunk chunk = [&](std::string_view bytes) {
        body += bytes;
        return body.size() <= limits.bytes_max;
    };
    const Easy easy = make_request(server, server.base_url + path, chunk);
    const auto tried = "get " + path + " from " + server.socket_path;

    if (!easy)
        return fail(ErrorKind::failed, tried, "no memory");
    curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(limits.time.count()));
    const auto why = transfer(easy.get(), stop, [] {});
    if (!why.empty())
        return fail(ErrorKind::failed, tried,
                    body.size() > limits.bytes_max ? "the answer is too large" : why);
    return body;
}

Error http_stream(const HttpServer &server, const std::string &path, const std::stop_token &stop,
                  const StreamHandlers &handlers) {
    Lines lines(handlers.line);
    Chunk chunk = [&](std::string_view bytes) { return lines.add(bytes); };
    const Easy easy = make_request(server, server.base_url + path, chunk);
    const auto tried = "follow " + path + " of " + server.socket_path;

    if (!easy)
        return {ErrorKind::failed, tried, "no memory", ""};
    const auto why = transfer(easy.get(), stop, handlers.tick);
    return {ErrorKind::failed, tried, why.empty() ? "the server ended it" : why, ""};
}

} // namespace brpath
