// SPDX-License-Identifier: BSD-2-Clause
// HTTP requests, each of which can be given up at once.
#pragma once

#include "util/result.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

namespace brpath {

// A service on a unix socket of this machine, or one that shows a certificate: nothing goes over a network
// without TLS, and the certificate is always verified.
struct HttpServer {
    std::string socket_path{};     // empty: over TCP with TLS
    std::string base_url{};        // "http://docker", "https://10.96.0.1:443"
    std::string authorities_pem{}; // the only ones that are believed; empty: those of the system
    std::string certificate_pem{}; // the client's own; empty: none
    std::string key_pem{};         // of certificate_pem
    std::string bearer_token{};    // empty: none
};

// A response with another status than 2xx is a failure, as is one that is larger than `bytes_max`.
struct HttpLimits {
    std::chrono::milliseconds time{5000}; // for all of it; 0: none
    std::chrono::seconds quiet{0};        // for the next byte; 0: none
    std::size_t bytes_max = std::size_t{64} << 20;
};

struct HttpFailure {
    Error error;
    long status = 0;          // of the response; 0: there was none
    bool is_complete = false; // the response came to its proper end
    std::string body{};       // of a response that was refused, its beginning
};

template <typename T> using HttpResult = tl::expected<T, HttpFailure>;

// The body of the response. Ends early, with a failure, when a stop is requested.
HttpResult<std::string> http_get(const HttpServer &server, const std::string &path,
                                 const std::stop_token &stop, const HttpLimits &limits = {});

// For a response that goes on for as long as the server has something to say. All are called in the calling
// thread.
struct StreamHandlers {
    std::function<void(std::string_view)> line; // without its end
    std::function<void()> tick = [] {};         // some times a second, whether or not something came
    std::function<void()> begun = [] {};        // once: the server agreed
};

// Returns a failure whatever ended it: the server, the way to it, `limits.time` (0: none), a line of more
// than `limits.bytes_max`, or a requested stop.
HttpFailure http_stream(const HttpServer &server, const std::string &path, const std::stop_token &stop,
                        const StreamHandlers &handlers, const HttpLimits &limits = {});

} // namespace brpath
