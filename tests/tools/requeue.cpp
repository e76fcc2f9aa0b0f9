// SPDX-License-Identifier: BSD-2-Clause
// Holds the packets of an NFQUEUE until an exact number of them is there, and gives its verdict on all of
// them then: so that each has waited while others passed.
#include <CLI/CLI.hpp>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <map>
#include <memory>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using Socket = std::unique_ptr<mnl_socket, decltype(&mnl_socket_close)>;
using Buffer = std::array<char, 8192>; // no message is longer: of each packet only the header is asked for

struct Options {
    std::uint16_t queue = 0;
    std::size_t count = 1;
    std::uint32_t verdict = NF_ACCEPT;
    int timeout_s = 60; // emulated guests are slow
};

[[noreturn]] void give_up(const std::string &what) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
}

Socket open_socket() {
    Socket socket(mnl_socket_open(NETLINK_NETFILTER), &mnl_socket_close);

    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0)
        give_up("open a netlink socket");
    return socket;
}

nlmsghdr *begin_message(Buffer &buffer, std::uint16_t type, std::uint16_t queue) {
    nlmsghdr *header = mnl_nlmsg_put_header(buffer.data());

    header->nlmsg_type = static_cast<std::uint16_t>(NFNL_SUBSYS_QUEUE << 8 | type);
    header->nlmsg_flags = NLM_F_REQUEST;
    auto *family = static_cast<nfgenmsg *>(mnl_nlmsg_put_extra_header(header, sizeof(nfgenmsg)));
    family->nfgen_family = AF_UNSPEC;
    family->version = NFNETLINK_V0;
    family->res_id = htons(queue);
    return header;
}

// Sends and waits for the kernel's answer: an error is one, 0 too.
void configure(const Socket &socket, Buffer &buffer, nlmsghdr *message) {
    message->nlmsg_flags |= NLM_F_ACK;
    if (mnl_socket_sendto(socket.get(), message, message->nlmsg_len) < 0)
        give_up("ask for a queue");
    const auto length = mnl_socket_recvfrom(socket.get(), buffer.data(), buffer.size());
    if (length < 0 || mnl_cb_run(buffer.data(), static_cast<std::size_t>(length), 0,
                                 mnl_socket_get_portid(socket.get()), nullptr, nullptr) < 0)
        give_up("bind a queue");
}

void bind_queue(const Socket &socket, const Options &options) {
    Buffer buffer{};
    const nfqnl_msg_config_cmd bind{NFQNL_CFG_CMD_BIND, 0, htons(AF_UNSPEC)};
    const nfqnl_msg_config_params params{htonl(0), NFQNL_COPY_META};

    nlmsghdr *message = begin_message(buffer, NFQNL_MSG_CONFIG, options.queue);
    mnl_attr_put(message, NFQA_CFG_CMD, sizeof(bind), &bind);
    configure(socket, buffer, message);
    message = begin_message(buffer, NFQNL_MSG_CONFIG, options.queue);
    mnl_attr_put(message, NFQA_CFG_PARAMS, sizeof(params), &params);
    configure(socket, buffer, message);
}

int take_attribute(const nlattr *attribute, void *data) {
    if (mnl_attr_get_type(attribute) == NFQA_PACKET_HDR) {
        const auto *packet = static_cast<const nfqnl_msg_packet_hdr *>(mnl_attr_get_payload(attribute));
        static_cast<std::vector<std::uint32_t> *>(data)->push_back(ntohl(packet->packet_id));
    }
    return MNL_CB_OK;
}

int take_packet(const nlmsghdr *message, void *data) {
    return mnl_attr_parse(message, sizeof(nfgenmsg), take_attribute, data);
}

// Until all are there, or none came for the time given.
std::vector<std::uint32_t> await_packets(const Socket &socket, const Options &options) {
    std::vector<std::uint32_t> packets;
    Buffer buffer{};
    pollfd readable{mnl_socket_get_fd(socket.get()), POLLIN, 0};

    while (packets.size() < options.count && poll(&readable, 1, options.timeout_s * 1000) > 0) {
        const auto length = mnl_socket_recvfrom(socket.get(), buffer.data(), buffer.size());
        if (length < 0 ||
            mnl_cb_run(buffer.data(), static_cast<std::size_t>(length), 0, 0, take_packet, &packets) < 0)
            give_up("read from the queue");
    }
    return packets;
}

void judge(const Socket &socket, const Options &options, std::uint32_t packet) {
    Buffer buffer{};
    const nfqnl_msg_verdict_hdr verdict{htonl(options.verdict), htonl(packet)};

    nlmsghdr *message = begin_message(buffer, NFQNL_MSG_VERDICT, options.queue);
    mnl_attr_put(message, NFQA_VERDICT_HDR, sizeof(verdict), &verdict);
    if (mnl_socket_sendto(socket.get(), message, message->nlmsg_len) < 0)
        give_up("send a verdict");
}

void run(const Options &options) {
    const Socket socket = open_socket();

    bind_queue(socket, options);
    std::puts("ready");
    std::fflush(stdout);
    const auto packets = await_packets(socket, options);
    for (const auto packet : packets)
        judge(socket, options, packet);
    std::printf("%zu\n", packets.size());
}

} // namespace

int main(int argc, char **argv) {
    CLI::App app("Holds an NFQUEUE's packets back, for brpath's tests: prints \"ready\", then how many came");
    Options options;
    const std::map<std::string, std::uint32_t> verdicts{{"accept", NF_ACCEPT}, {"drop", NF_DROP}};

    app.add_option("--queue", options.queue)->required();
    app.add_option("--count", options.count, "packets to wait for")->required();
    app.add_option("--verdict", options.verdict, "on all of them: accept or drop")
        ->transform(CLI::CheckedTransformer(verdicts));
    app.add_option("--timeout", options.timeout_s, "seconds without a packet after which it stops to wait");
    try {
        app.parse(argc, argv);
        run(options);
    } catch (const CLI::ParseError &error) {
        return app.exit(error);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "requeue: cannot %s\n", error.what());
        return 1;
    }
    return 0;
}
