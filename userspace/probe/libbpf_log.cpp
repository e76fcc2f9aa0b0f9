// SPDX-License-Identifier: BSD-2-Clause
#include "probe/libbpf_log.hpp"

#include <array>
#include <bpf/libbpf.h>
#include <cstdio>
#include <utility>

namespace brpath {

namespace {

constexpr std::size_t kept_bytes_max = std::size_t{64} * 1024; // a verifier log's end says why

// libbpf gives the callback no context, so the text has to be reachable from here.
std::string &captured() {
    static std::string text;
    return text;
}

int capture(libbpf_print_level level, const char *format, va_list arguments) {
    std::array<char, 4096> line{};

    if (level == LIBBPF_DEBUG)
        return 0;
    // NOLINTNEXTLINE(clang-diagnostic-format-nonliteral): libbpf's own format
    const int length = std::vsnprintf(line.data(), line.size(), format, arguments);
    auto &text = captured();
    text += line.data();
    if (text.size() > kept_bytes_max)
        text.erase(0, text.size() - kept_bytes_max);
    return length;
}

int discard(libbpf_print_level, const char *, va_list) { return 0; }

} // namespace

LibbpfLog::LibbpfLog() { libbpf_set_print(capture); }

LibbpfLog::~LibbpfLog() {
    libbpf_set_print(discard);
    captured().clear();
}

std::string LibbpfLog::take() { return std::exchange(captured(), {}); }

} // namespace brpath
