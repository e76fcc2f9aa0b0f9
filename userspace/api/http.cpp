// SPDX-License-Identifier: BSD-2-Clause
#include "api/http.hpp"

#include <array>
#include <curl/curl.h>
#include <memory>
#include <mutex>
#include <utility>

namespace brpath {

namespace {

constexpr std::size_t error_bytes_max = std::size_t{64} << 10;
constexpr int tick_ms = 100;
constexpr long connect_timeout_ms = 2000, tls_connect_timeout_ms = 10000;
// A peer that is gone without a word is noticed within some two minutes.
constexpr long keepalive_idle_s = 30, keepalive_interval_s = 10;

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

// libcurl copies it.
void set_blob(CURL *easy, CURLoption option, const std::string &pem) {
    curl_blob blob{const_cast<char *>(pem.data()), pem.size(), CURL_BLOB_COPY};

    if (!pem.empty())
        curl_easy_setopt(easy, option, &blob);
}

void set_identity(CURL *easy, const HttpServer &server) {
    if (!server.authorities_pem.empty()) {
        // Those of the system would be believed as well.
        curl_easy_setopt(easy, CURLOPT_CAINFO, nullptr);
        curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
    }
    set_blob(easy, CURLOPT_CAINFO_BLOB, server.authorities_pem);
    set_blob(easy, CURLOPT_SSLCERT_BLOB, server.certificate_pem);
    set_blob(easy, CURLOPT_SSLKEY_BLOB, server.key_pem);
    curl_easy_setopt(easy, CURLOPT_KEYPASSWD, ""); // OpenSSL would ask for one on the terminal
    if (server.bearer_token.empty())
        return;
    curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, server.bearer_token.c_str());
}

Easy make_request(const HttpServer &server, const std::string &url, Chunk &chunk) {
    Easy easy(is_ready() ? curl_easy_init() : nullptr);

    if (!easy)
        return easy;
    curl_easy_setopt(easy.get(), CURLOPT_URL, url.c_str());
    if (server.socket_path.empty()) {
        curl_easy_setopt(easy.get(), CURLOPT_PROTOCOLS_STR, "https");
        curl_easy_setopt(easy.get(), CURLOPT_CONNECTTIMEOUT_MS, tls_connect_timeout_ms);
        curl_easy_setopt(easy.get(), CURLOPT_QUICK_EXIT,
                         1L); // does not wait for a name that is being resolved
        curl_easy_setopt(easy.get(), CURLOPT_TCP_KEEPALIVE, 1L);
        curl_easy_setopt(easy.get(), CURLOPT_TCP_KEEPIDLE, keepalive_idle_s);
        curl_easy_setopt(easy.get(), CURLOPT_TCP_KEEPINTVL, keepalive_interval_s);
        set_identity(easy.get(), server);
    } else {
        curl_easy_setopt(easy.get(), CURLOPT_PROTOCOLS_STR, "http");
        curl_easy_setopt(easy.get(), CURLOPT_UNIX_SOCKET_PATH, server.socket_path.c_str());
        curl_easy_setopt(easy.get(), CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
    }
    curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy.get(), CURLOPT_USERAGENT, "brpath");
    curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, write_chunk);
    curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &chunk);
    return easy;
}

long status_of(CURL *easy) {
    long status = 0;

    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

// While the body comes: its status is known by then.
bool is_refusal(long status) { return status >= 300; }

// An empty string when the transfer is complete, whatever its status; else why it is not.
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
            why = curl_easy_strerror(message->data.result);
    curl_multi_remove_handle(multi.get(), easy);
    return why;
}

// Cuts what comes into lines.
class Lines {
  public:
    Lines(const std::function<void(std::string_view)> &handle, std::size_t bytes_max)
        : handle_(handle), bytes_max_(bytes_max) {}

    bool add(std::string_view bytes) {
        for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
            rest_ += bytes.substr(0, end);
            bytes.remove_prefix(end + 1);
            handle_(rest_);
            rest_.clear();
        }
        rest_ += bytes;
        return rest_.size() <= bytes_max_;
    }

  private:
    const std::function<void(std::string_view)> &handle_;
    std::size_t bytes_max_;
    std::string rest_;
};

struct Outcome {
    std::string why; // empty: the transfer is complete and was not refused
    long status = 0;
    std::string refused_body{};
};

// `take` gets the body, unless the server refuses.
Outcome request(const HttpServer &server, const std::string &path, const std::stop_token &stop,
                const HttpLimits &limits, const Chunk &take, const std::function<void(long status)> &tick) {
    Outcome outcome;
    std::array<char, CURL_ERROR_SIZE> details{};
    CURL *handle = nullptr;
    Chunk chunk = [&](std::string_view bytes) {
        if (!is_refusal(status_of(handle)))
            return take(bytes);
        outcome.refused_body += bytes.substr(0, error_bytes_max - outcome.refused_body.size());
        return outcome.refused_body.size() < error_bytes_max;
    };
    const Easy easy = make_request(server, server.base_url + path, chunk);

    if (!easy)
        return {"no memory"};
    handle = easy.get();
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(limits.time.count()));
    if (limits.quiet.count() != 0) {
        curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(limits.quiet.count()));
    }
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, details.data());
    outcome.why = transfer(handle, stop, [&] { tick(status_of(handle)); });
    if (!outcome.why.empty() && details.front() != '\0')
        outcome.why = details.data(); // "SSL certificate problem: certificate has expired"
    outcome.status = status_of(handle);
    if (is_refusal(outcome.status))
        outcome.why = "the server answers with status " + std::to_string(outcome.status);
    return outcome;
}

// Where it is, for people.
const std::string &place_of(const HttpServer &server) {
    return server.socket_path.empty() ? server.base_url : server.socket_path;
}

HttpFailure failure(const char *verb, const std::string &path, const HttpServer &server, Outcome outcome) {
    const auto what = path.substr(0, path.find('?'));

    return {{ErrorKind::failed, std::string(verb) + " " + what + " of " + place_of(server),
             std::move(outcome.why), ""},
            outcome.status,
            false,
            std::move(outcome.refused_body)};
}

} // namespace

HttpResult<std::string> http_get(const HttpServer &server, const std::string &path,
                                 const std::stop_token &stop, const HttpLimits &limits) {
    std::string body;
    auto outcome = request(
        server, path, stop, limits,
        [&](std::string_view bytes) {
            body += bytes;
            return body.size() <= limits.bytes_max;
        },
        [](long) {});

    if (outcome.why.empty())
        return body;
    if (body.size() > limits.bytes_max)
        outcome.why = "the answer is too large";
    return tl::make_unexpected(failure("get", path, server, std::move(outcome)));
}

HttpFailure http_stream(const HttpServer &server, const std::string &path, const std::stop_token &stop,
                        const StreamHandlers &handlers, const HttpLimits &limits) {
    Lines lines(handlers.line, limits.bytes_max);
    bool has_begun = false;
    const auto tick = [&](long status) {
        if (!has_begun && status != 0 && !is_refusal(status)) {
            has_begun = true;
            handlers.begun();
        }
        handlers.tick();
    };
    auto outcome = request(
        server, path, stop, limits, [&](std::string_view bytes) { return lines.add(bytes); }, tick);

    const bool is_complete = outcome.why.empty();
    if (is_complete)
        outcome.why = "the server ended it";
    auto end = failure("follow", path, server, std::move(outcome));
    end.is_complete = is_complete;
    return end;
}

} // namespace brpath
