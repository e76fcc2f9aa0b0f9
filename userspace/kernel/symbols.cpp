// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/symbols.hpp"

#include "util/unique_fd.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>
#include <unordered_set>

namespace brpath {

namespace {

// Much longer than any line (KSYM_NAME_LEN is 512). Reads return a page or so at a time whatever is offered.
constexpr std::size_t buffer_size = 65536;

// Takes lines and keeps what was asked for.
class SymbolSearch {
  public:
    explicit SymbolSearch(const std::vector<std::string> &names) : wanted_(names.begin(), names.end()) {}

    [[nodiscard]] bool is_over() const { return found_.size() == wanted_.size() && !open_; }

    // "ffffffff81000000 T name" or "ffffffffc0000000 t name\t[module]"
    void take(std::string_view line) {
        const std::size_t space = line.find(' ');
        if (space == std::string_view::npos || line.size() < space + 4 || line[space + 2] != ' ')
            return;
        const std::string_view rest = line.substr(space + 3);
        const std::string_view name = rest.substr(0, rest.find('\t'));
        const bool is_wanted = wanted_.contains(name);
        if (!is_wanted && !open_)
            return;
        std::uint64_t address = 0;
        const auto [end, error] = std::from_chars(line.data(), line.data() + space, address, 16);
        if (error != std::errc{} || end != line.data() + space)
            return;
        close(address);
        if (!is_wanted)
            return;
        const auto [place, is_new] = found_.emplace(name, Symbol{address, module_of(rest)});
        if (is_new)
            open_ = &place->second;
    }

    std::map<std::string, Symbol> result() && { return std::move(found_); }

  private:
    // Several names may stand for one address.
    void close(std::uint64_t next) {
        if (!open_ || next == open_->address)
            return;
        if (next > open_->address)
            open_->end = next;
        open_ = nullptr;
    }

    // "name\t[module]"
    static std::string module_of(std::string_view rest) {
        const std::size_t open = rest.find("\t["), close = rest.rfind(']');
        if (open == std::string_view::npos || close == std::string_view::npos || close < open)
            return {};
        return std::string(rest.substr(open + 2, close - open - 2));
    }

    std::unordered_set<std::string_view> wanted_;
    std::map<std::string, Symbol> found_;
    Symbol *open_ = nullptr; // its end is not known yet
};

// Takes the complete lines; returns how many bytes they had.
std::size_t take_lines(std::string_view text, SymbolSearch &search) {
    std::size_t taken = 0;
    for (;;) {
        const std::size_t newline = text.find('\n', taken);
        if (newline == std::string_view::npos)
            return taken;
        search.take(text.substr(taken, newline - taken));
        taken = newline + 1;
    }
}

} // namespace

std::map<std::string, Symbol> find_symbols(const std::vector<std::string> &names, const std::string &path) {
    SymbolSearch search(names);
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd)
        return {};
    std::vector<char> buffer(buffer_size);
    std::size_t filled = 0;
    while (!search.is_over() && filled < buffer.size()) { // full without a newline: this is no kallsyms
        const ssize_t got = ::read(fd.get(), buffer.data() + filled, buffer.size() - filled);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        if (got == 0) {
            search.take({buffer.data(), filled}); // a last line without its newline
            break;
        }
        filled += static_cast<std::size_t>(got);
        const std::size_t taken = take_lines({buffer.data(), filled}, search);
        filled -= taken;
        std::memmove(buffer.data(), buffer.data() + taken, filled);
    }
    return std::move(search).result();
}

} // namespace brpath
