// SPDX-License-Identifier: BSD-2-Clause
#include "doctor/namespaces.hpp"

#include "util/printable.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <fmt/format.h>
#include <set>
#include <system_error>

namespace brpath {

namespace {

namespace fs = std::filesystem;

std::vector<std::string> processes() {
    std::vector<std::string> found;
    std::error_code error;

    for (fs::directory_iterator entry("/proc", error), end; !error && entry != end; entry.increment(error)) {
        auto name = entry->path().filename().string();
        if (std::all_of(name.begin(), name.end(),
                        [](unsigned char letter) { return std::isdigit(letter) != 0; }))
            found.push_back(std::move(name));
    }
    std::ranges::sort(found, [](const std::string &a, const std::string &b) {
        return std::pair(a.size(), a) < std::pair(b.size(), b); // as numbers
    });
    return found;
}

// "net:[4026531840]"
std::uint32_t number_of(const std::string &link) {
    const auto open = link.find('[');
    std::uint32_t number = 0;

    if (open != std::string::npos)
        std::from_chars(link.data() + open + 1, link.data() + link.size(), number);
    return number;
}

class Visit {
  public:
    explicit Visit(const std::function<void(const Netns &)> &handle) : handle_(handle) {}

    void take(const Result<Netns> &netns, const std::string &name) {
        if (!netns)
            unseen_.push_back(fmt::format("{}: {}", printable(name), netns.error().why));
        else if (known_.insert(netns->inode).second)
            handle_(*netns);
    }

    void take_process(const std::string &number) {
        const std::string path = "/proc/" + number + "/ns/net";
        std::error_code error;
        const auto link = fs::read_symlink(path, error);

        if (error == std::errc::permission_denied)
            ++hidden_;
        if (error || known_.contains(number_of(link.string())))
            return;
        if (const auto netns = open_netns(path)) // it may have ended by now
            take(netns, path);
    }

    std::vector<std::string> unseen() && {
        if (hidden_ > 0)
            unseen_.push_back(fmt::format("{} process{}: looking at the namespace needs CAP_SYS_PTRACE",
                                          hidden_, hidden_ == 1 ? "" : "es"));
        return std::move(unseen_);
    }

  private:
    const std::function<void(const Netns &)> &handle_;
    std::set<std::uint32_t> known_;
    std::vector<std::string> unseen_;
    std::size_t hidden_ = 0;
};

} // namespace

std::vector<std::string> for_each_netns(const std::function<void(const Netns &)> &handle) {
    Visit visit(handle);

    visit.take(current_netns(), "this one");
    for (const auto &name : list_netns_names())
        visit.take(open_netns(name), name);
    for (const auto &number : processes())
        visit.take_process(number);
    return std::move(visit).unseen();
}

} // namespace brpath
