#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Names with a real Podman, asked over the socket of its service, and with what its network plugins leave in libcni's
# cache: containers of a network of their own, one of a compose project, a published port; one that starts while brpath
# observes, one that dies, one that gets its address; the service that goes away, when libcni's cache still names the
# containers, and comes back. Oracle: what the scene itself started, and the number of datagrams that were received.
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

readonly CACHE=172.30.0.13
readonly SOCKET=$ROOT/run/podman/podman.sock
readonly PODMAN=(podman --storage-driver vfs --cgroup-manager cgroupfs --events-backend file
	--network-config-dir "$SCENE_DIR/networks")

also_at_exit() { runtime_down; }

engine() { in_runtime "${PODMAN[@]}" "$@"; }

in_cache() { inside shop_cache_1 "$@"; }

answers() { curl -sf --unix-socket "$SOCKET" -o /dev/null http://podman/_ping; }

# start_service: it is up, and answers.
start_service() {
	mkdir -p "$ROOT/run/podman"
	start_daemon podman "${PODMAN[@]}" system service --time 0 unix:///run/podman/podman.sock
	wait_for 60 answers || fail "podman's service does not start"
}

needs podman conmon runc curl
mkdir "$SCENE_DIR/networks"
runtime_up
in_node sysctl -qw net.bridge.bridge-nf-call-iptables=1
start_service
make_containers
backends=$(usable_backends)
FORMAT=ndjson observe_all_start "$backends" --interval 200ms --names-root "$ROOT"
open_streams "$backends"
await_state "$backends" podman up

talk_directly
talk_to_published_port 31 $OUTSIDE in_outside
talk_to_published_port 37 $CLIENT in_client
http_at_published_port
expected+="
$OUTSIDE > web web:7002 31
client > web web:7002 37"
expect_rows "a published port" udp "$expected"
expect_rows "who talks TCP" tcp "$OUTSIDE > web web:80
client > web web:80"
come_and_go

# libcni's cache tells the name of one that starts now, though not its project.
end_daemon podman
await_state "$backends" podman "down, cannot ask $SOCKET: the socket is gone"
run_container shop_cache_1 $CACHE --label com.docker.compose.project=shop --label com.docker.compose.service=cache
datagrams 43 $CACHE in_cache $WEB 7001 $WEB 7001 in_web
expect_rows "podman's service is gone" udp "$expected
shop_cache_1 > web - 43"

start_service
await_state "$backends" podman up
expected+="
shop/cache > web - 43"
expect_rows "podman's service is back" udp "$expected"

observe_all_stop
check_end
