#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A node as flannel and kube-proxy leave it: every row has the names that its user knows, and nobody configured anything.
# Pods by libcni's cache, Services by the comments in kube-proxy's rules, the other node by the tunnel. Then, where the
# kernel has IPVS, the same with kube-proxy's mode IPVS, where Services and what is behind them on the other node are known
# by the Kubernetes API. Oracle: what the scene itself made, and the answers' texts.
#
#   outside ------- outer, node, cni0 with the lab's pods
#   192.168.50.2    .1      |
#                   flannel.1 over under, 172.31.0.1
#                           |
#   remote -------- cni0, flannel.1, node2, 172.31.0.2
#   10.244.2.12     .1
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/lib/kube.sh
. "$(dirname "$0")/lib/kube.sh"
# shellcheck source=tests/live/lib/outside.sh
. "$(dirname "$0")/lib/outside.sh"

readonly FRONTEND=10.244.1.11 CART=10.244.1.12 DNS=10.244.1.13 BRIDGE=10.244.1.1 CART6=fd00:244:1::12
readonly REMOTE=10.244.2.12 NODE_ADDRESS=192.168.50.1 NODE2=172.31.0.2 NODE_PORT=30080
readonly CART_SERVICE=10.96.7.10 DNS_SERVICE=10.96.7.53 AWAY_SERVICE=10.96.7.12
readonly TUNNEL_MAC=02:42:ac:1f:00:01 TUNNEL2_MAC=02:42:ac:1f:00:02
readonly ROOT=$SCENE_DIR/root
servers=()

also_at_exit() {
	local name

	kube_stop
	kill "${servers[@]}" 2>/dev/null || true
	for name in outside node2 remote; do
		[ ! -e "/run/netns/$PREFIX-$name" ] || ip netns del "$PREFIX-$name" || true
	done
}

listens() { in_pod "$1" ss -Hltn "sport = :$2" | grep .; }

serve_http() {
	mkdir "$SCENE_DIR/$1"
	echo "$1: hello" >"$SCENE_DIR/$1/index.html"
	nsenter --net="/run/netns/$PREFIX-$1" busybox httpd -f -p "$2" -h "$SCENE_DIR/$1" & # not in_pod: $! is the server
	servers+=($!)
	wait_for 20 listens "$1" "$2" || fail "the server in $1 does not start"
}

# flannel NAMESPACE OWN-ADDRESS OWN-MAC OTHER-ADDRESS OTHER-MAC OTHER-NETWORK: as flanneld's backend vxlan does it.
flannel() {
	local namespace="$PREFIX-$1" gateway=${6%/*}

	ip -n "$namespace" -batch - <<-END
		addr add $2/30 dev under
		link set under up
		link add flannel.1 address $3 type vxlan id 1 local $2 dev under dstport 8472 nolearning
		link set flannel.1 up
		route add $6 via $gateway dev flannel.1 onlink
		neigh add $gateway lladdr $5 dev flannel.1 nud permanent
	END
	bridge -n "$namespace" fdb append "$5" dev flannel.1 dst "$4" self permanent
}

make_other_node() {
	ip netns add "$PREFIX-node2"
	ip netns add "$PREFIX-remote"
	in_pod node2 sysctl -qw net.ipv4.ip_forward=1
	ip -n "$NODE" link add under type veth peer name under netns "$PREFIX-node2"
	flannel node 172.31.0.1 $TUNNEL_MAC $NODE2 $TUNNEL2_MAC 10.244.2.0/24
	flannel node2 $NODE2 $TUNNEL2_MAC 172.31.0.1 $TUNNEL_MAC 10.244.1.0/24
	ip -n "$PREFIX-node2" -batch - <<-END
		link add cni0 type bridge stp_state 0 forward_delay 0
		addr add 10.244.2.1/24 dev cni0
		link set cni0 up
		link add veth-remote type veth peer name eth0 netns $PREFIX-remote
		link set veth-remote master cni0 up
	END
	ip -n "$PREFIX-remote" -batch - <<-END
		addr add $REMOTE/24 dev eth0
		link set eth0 up
		route add default via 10.244.2.1
	END
	mkdir -p "$ROOT/run/flannel"
	printf 'FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n' \
		>"$ROOT/run/flannel/subnet.env"
}

# cached POD NAMESPACE NAME ADDRESS...: what libcni keeps of a pod, as containerd has it written.
cached() {
	local pod=$1 id addresses
	id=$(printf '%s' "$pod" | sha256sum | cut -d ' ' -f 1)
	addresses=$(printf '%s\n' "${@:4}" | jq -R '{address: ., interface: 2}' | jq -s .)
	mkdir -p "$ROOT/var/lib/cni/results"
	jq -n --arg id "$id" --arg namespace "$2" --arg name "$3" --arg device "veth-$pod" --arg mac "$(mac_of "$pod")" \
		--arg netns "/var/run/netns/cni-$pod" --argjson ips "$addresses" '{
		kind: "cniCacheV1", containerId: $id, config: "e30=", ifName: "eth0", networkName: "cbr0",
		cniArgs: [["IgnoreUnknown", "1"], ["K8S_POD_NAMESPACE", $namespace], ["K8S_POD_NAME", $name],
			["K8S_POD_INFRA_CONTAINER_ID", $id]], capabilityArgs: {},
		result: {cniVersion: "0.3.1", dns: {}, interfaces: [{mac: "02:42:0a:f4:01:01", name: "cni0"},
			{mac: "02:42:0a:f4:01:ff", name: $device}, {mac: $mac, name: "eth0", sandbox: $netns}], ips: $ips}}' \
		>"$ROOT/var/lib/cni/results/cbr0-$id-eth0"
}

make_pods() {
	cached frontend shop frontend-6d5f $FRONTEND/24
	cached cart shop cart-7c9b $CART/24 $CART6/64
	cached dns kube-system coredns-5d78 $DNS/24
}

# As kube-proxy's mode iptables writes them, but for the balancing behind KUBE-SVC.
make_services() {
	in_node iptables-restore --noflush <<-END
		*nat
		:KUBE-SERVICES - [0:0]
		:KUBE-NODEPORTS - [0:0]
		:KUBE-SVC-CART - [0:0]
		:KUBE-SVC-DNS - [0:0]
		:KUBE-SVC-AWAY - [0:0]
		-I PREROUTING 1 -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
		-A KUBE-SERVICES -d $CART_SERVICE/32 -p tcp -m comment --comment "shop/cart:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-CART
		-A KUBE-SERVICES -d $DNS_SERVICE/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-DNS
		-A KUBE-SERVICES -d $AWAY_SERVICE/32 -p tcp -m comment --comment "shop/payment cluster IP" -m tcp --dport 443 -j KUBE-SVC-AWAY
		-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
		-A KUBE-NODEPORTS -p tcp -m comment --comment "shop/cart:http" -m tcp --dport $NODE_PORT -j KUBE-SVC-CART
		-A KUBE-SVC-CART -p tcp -j DNAT --to-destination $CART:8080
		-A KUBE-SVC-DNS -p udp -j DNAT --to-destination $DNS:5353
		-A KUBE-SVC-AWAY -p tcp -j DNAT --to-destination $REMOTE:8080
		COMMIT
	END
}

# virtual_server -t|-u ADDRESS:PORT TARGET: as kube-proxy's mode IPVS has it.
virtual_server() { in_node ipvsadm -A "$1" "$2" -s rr && in_node ipvsadm -a "$1" "$2" -r "$3" -m; }

make_ipvs() {
	local address

	in_node iptables -t nat -D PREROUTING 1
	for address in $CART_SERVICE $DNS_SERVICE $AWAY_SERVICE; do
		in_node ip addr add "$address/32" dev lo
	done
	in_node sysctl -qw net.ipv4.vs.conntrack=1
	virtual_server -t $CART_SERVICE:80 $CART:8080
	virtual_server -u $DNS_SERVICE:53 $DNS:5353
	virtual_server -t $AWAY_SERVICE:443 $REMOTE:8080
	virtual_server -t $NODE_ADDRESS:$NODE_PORT $CART:8080
}

# The pods of this node are in the API as well; libcni is believed first.
start_api() {
	mkdir "$KUBE"
	kube_certificate server IP:127.0.0.1
	kube_certificate client DNS:client
	echo secret >"$KUBE/token"
	kube_list PodList pods "$(pod shop frontend-6d5f $FRONTEND)" "$(pod shop cart-7c9b $CART)"
	kube_list ServiceList services "$(service shop cart $CART_SERVICE 80 TCP http $NODE_PORT)" \
		"$(service kube-system kube-dns $DNS_SERVICE 53 UDP dns)" "$(service shop payment $AWAY_SERVICE 443 TCP "")"
	kube_list NodeList nodes "$(node worker-1 $NODE_ADDRESS 10.244.1.0/24)" "$(node worker-2 $NODE2 10.244.2.0/24)"
	kube_list EndpointSliceList endpointslices "$(slice shop payment payment-5f6d $REMOTE worker-2)"
	kube_start server
	kubeconfig "$KUBE/config" server "token: secret"
}

# http POD SERVER ADDRESS PORT: the server answers the pod.
http() { same "$1 asks $3:$4" "$2: hello" "$(in_pod "$1" curl -gsf -m 10 "http://$3:$4/" | sed 's/ from .*//')"; }

talk() {
	http frontend cart $CART_SERVICE 80
	http frontend cart $CART 8080
	http frontend cart "[$CART6]" 8080
	http frontend remote $AWAY_SERVICE 443
	http frontend remote $REMOTE 8080
	http outside cart $NODE_ADDRESS $NODE_PORT
	# shellcheck disable=SC2016 # the inner shell's
	same "frontend asks DNS" hello "$(in_pod frontend timeout 10 bash -c 'exec 3<>"/dev/udp/$0/53"; echo hello >&3
		head -n 1 <&3' $DNS_SERVICE)"
	in_pod frontend ping -q -c 3 -i 0.05 $BRIDGE >/dev/null
}

# libcni knows no IPv6 address of the frontend: its port says whose it is.
# expected REMOTE: the rows, with what the pod on the other node is called.
expected() {
	LC_ALL=C sort <<-END
		shop/frontend-6d5f > shop/cart-7c9b tcp -
		shop/frontend-6d5f > kube-system/coredns-5d78 udp kube-system/kube-dns:dns
		shop/frontend-6d5f > $1 tcp -
		shop/frontend-6d5f > $1 tcp shop/payment:443
		shop/frontend-6d5f > HOST icmp -
		shop/frontend-6d5f > shop/cart-7c9b tcp -
		shop/frontend-6d5f > shop/cart-7c9b tcp shop/cart:http
		outside > shop/cart-7c9b tcp shop/cart:http
	END
}

# names BACKEND: each pair's names; what stands for this machine in words.
names() {
	summary '.pairs[] | "\(.client.name // .client.ip) > \(.server.name // .server.ip) \(.protocol) \(.service.name // "-")"' |
		sed "s/ > $(uname -n) / > HOST /; s/^$OUTSIDE /outside /" | LC_ALL=C sort
}

# check_names MODE REMOTE [options]: every row, with each backend.
check_names() {
	local backend

	observe_all_start "$backends" --names-root "$ROOT" "${@:3}"
	talk
	observe_all_stop
	for backend in $backends; do
		look_at "$backend"
		check_sums
		same "$1, $backend: names" "$(expected "$2")" "$(names)"
	done
}

"$LAB" up --name "$PREFIX" --static --setting 1 >"$SCENE_DIR/lab.log" 2>&1 || fail "$(cat "$SCENE_DIR/lab.log")"
make_outside $NODE_ADDRESS
make_other_node
make_pods
make_services
serve_http remote 8080
backends=$(usable_backends)
check_names iptables "node $NODE2"

if in_node ipvsadm -Ln >/dev/null 2>&1; then
	make_ipvs
	start_api
	export NODE_NAME=worker-1
	check_names IPVS shop/payment-5f6d --kubeconfig "$KUBE/config"
else
	[ -z "${BRPATH_REQUIRE_MECHANISMS:-}" ] || fail "IPVS is required here, and ipvsadm -Ln fails"
	printf '%s: SKIPPED: kube-proxy in mode IPVS: this kernel has no IPVS\n' "$SCENE_NAME"
fi
