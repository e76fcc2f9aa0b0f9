// SPDX-License-Identifier: BSD-2-Clause
// HTTP requests to a service on this machine's sockets, each of which can be given up at once.
#pragma once

#include "util/result.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

namespace brpath {

struct HttpServer {
    std::string socket_path; // of a unix socket
    std::string base_url;    // "http://docker"
};

// A response with another status than 2xx is an error, as is one that is larger than `bytes_max`.
struct HttpLimits {
    std::chrono::milliseconds time{5000};
    std::size_t bytes_max = std::size_t{64} << 20;
};

// The body of the response. Ends early, with an error, when a stop is requested.
Result<std::string> http_get(const HttpServer &server, const std::string &path, const std::stop_token &stop,
                             const HttpLimits &limits = {});

// For a response that goes on for as long as the server has something to say. Both are called in the calling
// thread.
struct StreamHandlers {
    std::function<void(std::string_view)> line; // without its end
    std::function<void()> tick;                 // some times a second, whether or not something came
};

// Returns an error whatever ended it: the server, the way to it, or a requested stop.
Error http_stream(const HttpServer &server, const std::string &path, const std::stop_token &stop,
                  const StreamHandlers &handlers);

} // namespace brpath
