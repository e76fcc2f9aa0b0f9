#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Names with a real containerd: pods made through its CRI, as the kubelet makes them, on a bridge of CNI's own plugins
# with few addresses. Names of both ends, of a port of the node that leads to a pod; a pod that is removed, and the pods
# that get its address one after the other. Oracle: what the scene itself made, and the number of datagrams received.
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
# shellcheck source=tests/live/lib/cri.sh
. "$(dirname "$0")/lib/cri.sh"

readonly SOCKET=$ROOT/run/containerd/containerd.sock IMAGE=localhost/scene:1
declare -A ID=() # pod: its sandbox

also_at_exit() { runtime_down; }

ctr_of() { in_runtime ctr -n k8s.io "$@"; }

# The bridge has four addresses for pods.
write_config() {
	mkdir "$SCENE_DIR/cni"
	cat >"$SCENE_DIR/cni/10-scene.conflist" <<-END
		{"cniVersion": "0.4.0", "name": "cbr0", "plugins": [
		{"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
		"ipam": {"type": "host-local", "routes": [{"dst": "0.0.0.0/0"}], "ranges": [[
		{"subnet": "10.244.1.0/24", "rangeStart": "10.244.1.10", "rangeEnd": "10.244.1.13"}]]}},
		{"type": "portmap", "capabilities": {"portMappings": true}}]}
	END
	# The score of the kernel's choice of victims is not to be lowered: that needs CAP_SYS_RESOURCE.
	cat >"$SCENE_DIR/config.toml" <<-END
		version = 2
		[plugins."io.containerd.grpc.v1.cri"]
		sandbox_image = "$IMAGE"
		restrict_oom_score_adj = true
		[plugins."io.containerd.grpc.v1.cri".containerd]
		snapshotter = "native"
		[plugins."io.containerd.grpc.v1.cri".cni]
		bin_dir = "/usr/lib/cni"
		conf_dir = "$SCENE_DIR/cni"
	END
}

# It is ready when the CRI answers.
start_containerd() {
	start_daemon containerd containerd --config "$SCENE_DIR/config.toml" --log-level warn
	wait_for 60 ctr_of plugins ls || fail "containerd does not start"
	make_image "$SCENE_DIR/image.tar" "$IMAGE"
	ctr_of images import --snapshotter native "$SCENE_DIR/image.tar" >"$SCENE_DIR/import.log" 2>&1 ||
		fail "no image: $(cat "$SCENE_DIR/import.log")"
}

# pod NAMESPACE/NAME [HOST-PORT CONTAINER-PORT PROTOCOL]...
pod() { ID[$1]=$(run_pod "$SOCKET" "${1%/*}" "${1#*/}" "$GROUP" "${@:2}"); }

# Commands in the network namespace of a pod: that of its sandbox's process.
inside() {
	local process

	process=$(ctr_of task ls | sed -n "s/^${ID[$1]} *\([0-9]*\) .*/\1/p")
	in_runtime nsenter --net="/proc/$process/ns/net" -- "${@:2}"
}
address_of() { inside "$1" ip -j -4 addr show eth0 | jq -r '.[0].addr_info[0].local'; }
in_cart() { inside shop/cart "$@"; }
in_frontend() { inside shop/frontend "$@"; }
in_outside() { in_pod outside "$@"; }
in_short_lived() { inside "$short_lived" "$@"; }


# short_life NAMESPACE/NAME COUNT: a pod that sends so many datagrams to the cart, and is removed.
short_life() {
	local address

	short_lived=$1
	pod "$1"
	address=$(address_of "$1")
	given+="$address "
	datagrams "$2" "$address" in_short_lived "$cart" 7001 "$cart" 7001 in_cart
	remove_pod "$SOCKET" "${ID[$1]}"
	expected+="
$1 > shop/cart - $2"
}

serve_http() {
	mkdir "$SCENE_DIR/cart"
	echo "cart: hello" >"$SCENE_DIR/cart/index.html"
	in_cart busybox httpd -p 80 -h "$SCENE_DIR/cart"
}

# http WHO: the server in the cart answers at the node's port.
http() { same "$1 asks the node's port" "cart: hello" "$("$1" curl -sf -m 10 http://$NODE_ADDRESS:8080/)"; }

needs containerd containerd-shim-runc-v2 ctr runc curl
[ -x /usr/lib/cni/portmap ] || fail "CNI's plugins are missing; scripts/deps --tests installs them"
write_config
runtime_up
in_node sysctl -qw net.bridge.bridge-nf-call-iptables=1
start_containerd
pod shop/cart 8080 80 0 5300 7002 1
pod shop/frontend
cart=$(address_of shop/cart) frontend=$(address_of shop/frontend)
serve_http
backends=$(usable_backends)
FORMAT=ndjson observe_all_start "$backends" --interval 200ms --names-root "$ROOT"
open_streams "$backends"
await_state "$backends" cni up

datagrams 23 "$frontend" in_frontend "$cart" 7001 "$cart" 7001 in_cart
datagrams 31 $OUTSIDE in_outside $NODE_ADDRESS 5300 "$cart" 7002 in_cart
datagrams 37 "$frontend" in_frontend $NODE_ADDRESS 5300 "$cart" 7002 in_cart
http in_outside
http in_frontend
expected="shop/frontend > shop/cart - 23
$OUTSIDE > shop/cart shop/cart:7002 31
shop/frontend > shop/cart shop/cart:7002 37"
expect_rows "pods, and a port of the node" udp "$expected"
expect_rows "who talks TCP" tcp "$OUTSIDE > shop/cart shop/cart:80
shop/frontend > shop/cart shop/cart:80"

short_life load/first 13
expect_rows "a pod that is removed" udp "$expected"
short_life load/second 17
short_life load/third 19
short_life other/second 29
short_life load/fifth 41
expect_rows "pods with addresses of others" udp "$expected"
same "addresses of five pods" 2 "$(tr ' ' '\n' <<<"$given" | grep . | sort -u | wc -l)"
remove_pod "$SOCKET" "${ID[shop/frontend]}"
expect_rows "the last client is removed" udp "$expected"

observe_all_stop
check_end
