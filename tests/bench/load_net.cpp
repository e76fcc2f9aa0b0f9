// SPDX-License-Identifier: BSD-2-Clause
#include "bench/load_net.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sched.h>
#include <sstream>
#include <stdexcept>

namespace brpath::bench {

void give_up(const std::string &what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

Namespace::Namespace(const std::string &name)
    : fd_(open((name.find('/') == std::string::npos ? "/run/netns/" + name : name).c_str(),
               O_RDONLY | O_CLOEXEC)) {
    if (fd_.get() < 0)
        give_up("open the network namespace " + name);
}

void Namespace::enter() const {
    if (setns(fd_.get(), CLONE_NEWNET))
        give_up("enter a network namespace");
}

Address parse_address(const std::string &text, std::uint16_t port) {
    Address address;
    auto *v4 = reinterpret_cast<sockaddr_in *>(&address.storage);
    auto *v6 = reinterpret_cast<sockaddr_in6 *>(&address.storage);

    if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        address.length = sizeof(*v4);
    } else if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        address.length = sizeof(*v6);
    } else {
        throw std::runtime_error("read the address " + text);
    }
    return address;
}

Fd open_socket(const Address &address, int type) {
    constexpr int buffer_bytes = 256 << 20, on = 1;
    Fd fd(socket(address.storage.ss_family, type | SOCK_CLOEXEC, 0));

    if (fd.get() < 0)
        give_up("make a socket");
    if (type == SOCK_DGRAM &&
        setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof(buffer_bytes)))
        give_up("set a socket's buffer");
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd.get(), address.get(), address.length))
        give_up("bind a socket");
    return fd;
}

std::int64_t port_frames(const Namespace &node) {
    std::string line;
    std::int64_t sum = 0;

    node.enter();
    // Of the thread: /proc/net is that of the process's first one, which is the same here.
    std::ifstream file("/proc/thread-self/net/dev");
    while (std::getline(file, line)) {
        std::istringstream words(line);
        std::string name;
        std::int64_t bytes = 0, packets = 0;
        if (words >> name >> bytes >> packets && name.starts_with("veth"))
            sum += packets;
    }
    return sum;
}

std::int64_t thread_run_time_ns(int process) {
    std::int64_t sum = 0;
    std::error_code gone;

    for (const auto &task :
         std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task", gone)) {
        std::int64_t run = 0;
        if (std::ifstream(task.path() / "schedstat") >> run)
            sum += run;
    }
    if (gone)
        throw std::runtime_error("look at process " + std::to_string(process) + ": " + gone.message());
    return sum;
}

} // namespace brpath::bench
