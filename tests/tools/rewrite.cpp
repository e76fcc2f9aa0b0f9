// SPDX-License-Identifier: BSD-2-Clause
// Attaches rewrite.bpf.c to a device: request at its ingress, reply at its egress. They stay until the device
// goes.
#include <CLI/CLI.hpp>
#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <net/if.h>
#include <rewrite.skel.h>
#include <stdexcept>
#include <string>

namespace {

struct CloseSkeleton {
    void operator()(rewrite_bpf *skeleton) const { rewrite_bpf__destroy(skeleton); }
};

struct Options {
    std::string device, service, server, mac;
    std::uint16_t port = 0;
};

[[noreturn]] void give_up(const std::string &what) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
}

std::uint32_t parse_address(const std::string &text) {
    in_addr address{};

    if (inet_pton(AF_INET, text.c_str(), &address) != 1)
        throw std::runtime_error("read the IPv4 address " + text);
    return address.s_addr;
}

void set_parameters(rewrite_bpf &skeleton, const Options &options) {
    auto &parameters = *skeleton.rodata;
    auto *mac = const_cast<std::uint8_t *>(parameters.server_mac);

    const_cast<std::uint32_t &>(parameters.service) = parse_address(options.service);
    const_cast<std::uint32_t &>(parameters.server) = parse_address(options.server);
    const_cast<std::uint16_t &>(parameters.port) = htons(options.port);
    if (std::sscanf(options.mac.c_str(), "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2, mac + 3,
                    mac + 4, mac + 5) != 6)
        throw std::runtime_error("read the MAC address " + options.mac);
}

void make_qdisc(int ifindex) {
    DECLARE_LIBBPF_OPTS(bpf_tc_hook, both, .ifindex = ifindex,
                        .attach_point = static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS));

    if (bpf_tc_hook_create(&both))
        give_up("make the clsact qdisc");
}

void attach(const bpf_program *program, int ifindex, bpf_tc_attach_point where) {
    DECLARE_LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = where);
    DECLARE_LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = bpf_program__fd(program));

    if (bpf_tc_attach(&hook, &options))
        give_up("attach to tc");
}

void run(const Options &options) {
    const auto ifindex = static_cast<int>(if_nametoindex(options.device.c_str()));
    const std::unique_ptr<rewrite_bpf, CloseSkeleton> skeleton(rewrite_bpf__open());

    if (!ifindex)
        give_up("find the device " + options.device);
    if (!skeleton)
        give_up("open the programs");
    set_parameters(*skeleton, options);
    if (rewrite_bpf__load(skeleton.get()))
        give_up("load the programs");
    make_qdisc(ifindex);
    attach(skeleton->progs.request, ifindex, BPF_TC_INGRESS);
    attach(skeleton->progs.reply, ifindex, BPF_TC_EGRESS);
}

} // namespace

int main(int argc, char **argv) {
    CLI::App app("Translates a Service's TCP at tc");
    Options options;

    app.add_option("--device", options.device)->required();
    app.add_option("--service", options.service)->required();
    app.add_option("--server", options.server)->required();
    app.add_option("--mac", options.mac, "the server's")->required();
    app.add_option("--port", options.port)->required();
    CLI11_PARSE(app, argc, argv);
    try {
        run(options);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "rewrite: cannot %s\n", error.what());
        return 1;
    }
    return 0;
}
