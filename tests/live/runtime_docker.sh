#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Names with a real dockerd, asked over its socket: containers of a network of their own, one of a compose project, a
# published port, meant by the world outside and by a neighbour, through Docker's proxy and by its rules; one that starts
# while brpath observes, one that dies, one that gets its address; dockerd that goes away and comes back. Oracle: what
# the scene itself started, and the number of datagrams that were received.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/lib/streams.sh
. "$(dirname "$0")/lib/streams.sh"
# shellcheck source=tests/live/lib/overload.sh
. "$(dirname "$0")/lib/overload.sh"
# shellcheck source=tests/live/lib/outside.sh
. "$(dirname "$0")/lib/outside.sh"
# shellcheck source=tests/live/lib/runtimes.sh
. "$(dirname "$0")/lib/runtimes.sh"
# shellcheck source=tests/live/lib/containers.sh
. "$(dirname "$0")/lib/containers.sh"

also_at_exit() { runtime_down; }

engine() { docker -H "unix://$ROOT/run/docker.sock" "$@"; }

# start_docker OPTION...: dockerd is up, and answers.
start_docker() {
	start_daemon dockerd dockerd --storage-driver vfs "$@"
	wait_for 60 engine version || fail "dockerd does not start"
}

needs dockerd docker containerd runc
runtime_up
in_node sysctl -qw net.bridge.bridge-nf-call-iptables=1
start_docker --userland-proxy=true
make_containers
backends=$(usable_backends)
FORMAT=ndjson observe_all_start "$backends" --interval 200ms --names-root "$ROOT"
open_streams "$backends"
await_state "$backends" docker up

talk_directly
# Docker's proxy stands between neighbours, so that is two conversations.
talk_to_published_port 31 $OUTSIDE in_outside
talk_to_published_port 37 $CLIENT in_client
http_at_published_port
expected+="
$OUTSIDE > web web:7002 31
client > HOST - 37
HOST > web - 37"
expect_rows "a published port" udp "$expected"
expect_rows "who talks TCP" tcp "$OUTSIDE > web web:80
client > HOST -
HOST > web -"
come_and_go

end_daemon dockerd
await_state "$backends" docker "down, cannot ask $ROOT/var/run/docker.sock: the socket is gone"
expect_rows "dockerd is gone" udp "$expected"

# Now neighbours meet the rule of the published port.
start_docker --userland-proxy=false
engine start web client >/dev/null
await_state "$backends" docker up
talk_to_published_port 41 $CLIENT in_client
expected+="
client > web web:7002 41"
expect_rows "dockerd is back" udp "$expected"

observe_all_stop
check_end
