#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Healthy traffic that looks like a fault and is none: bridged past conntrack in both directions, or translated and
# answered all the same, because the reply goes by the node, too. The setting is 0, every request is answered, and no
# backend has a finding. Oracle: the answer's text, which names the server.
#
#   outside ------- outer, node, cni0 with the lab's pods
#   192.168.50.2    .1, .3  |
#                   vxlan1 over under, 10.244.255.0/30
#                           |
#   remote -------- cni0, node2
#   10.244.2.12     .1
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/lib/outside.sh
. "$(dirname "$0")/lib/outside.sh"
# shellcheck source=tests/live/lib/cases.sh
. "$(dirname "$0")/lib/cases.sh"

CASE_KIND=finding
readonly FRONTEND=10.244.1.11 CART=10.244.1.12 DNS=10.244.1.13 LOADGEN=10.244.1.14 BRIDGE=10.244.1.1
readonly FRONTEND6=fd00:244:1::11 CART6=fd00:244:1::12 DNS6=fd00:244:1::13
readonly REMOTE=10.244.2.12
# The node's own, one for each kind of NodePort: a pair is told by its addresses.
readonly NODE_MASQUERADED=192.168.50.1 NODE_KEPT=192.168.50.3
# Services, each named after what is special about it.
readonly AWAY=10.96.2.3 HOST=10.96.2.4 PROXIED=10.96.2.6 MASQUERADED=10.96.2.7 BELOW=10.96.2.8 AROUND=10.96.2.9

declare -A TWINS=() # a pair's client, protocol and the address that it asked: what it is
servers=()

also_at_exit() {
	local name

	kill "${servers[@]}" 2>/dev/null || true
	for name in outside node2 remote; do
		[ ! -e "/run/netns/$PREFIX-$name" ] || ip netns del "$PREFIX-$name" || true
	done
}

# --- the place

listens() { in_pod "$1" ss -Hltn "sport = :$2" | grep .; }

# serve WHERE PORT COMMAND...: a server that ends with the scene.
serve() {
	nsenter --net="/run/netns/$PREFIX-$1" "${@:3}" & # not in_pod: $! is the server
	servers+=($!)
	wait_for 20 listens "$1" "$2" || fail "the server in $1 does not start"
}

# serve_http WHERE PORT
serve_http() {
	mkdir "$SCENE_DIR/$1"
	echo "$1: hello" >"$SCENE_DIR/$1/index.html"
	serve "$1" "$2" busybox httpd -f -p "$2" -h "$SCENE_DIR/$1"
}

make_node2() {
	ip netns add "$PREFIX-node2"
	ip netns add "$PREFIX-remote"
	in_pod node2 sysctl -qw net.ipv4.ip_forward=1
	ip -n "$NODE" -batch - <<-END
		link add under type veth peer name under netns $PREFIX-node2
		addr add 172.31.0.1/30 dev under
		link set under up
		link add vxlan1 type vxlan id 1 local 172.31.0.1 remote 172.31.0.2 dev under dstport 4789
		addr add 10.244.255.1/30 dev vxlan1
		link set vxlan1 up
		route add 10.244.2.0/24 via 10.244.255.2
	END
	ip -n "$PREFIX-node2" -batch - <<-END
		addr add 172.31.0.2/30 dev under
		link set under up
		link add vxlan1 type vxlan id 1 local 172.31.0.2 remote 172.31.0.1 dev under dstport 4789
		addr add 10.244.255.2/30 dev vxlan1
		link set vxlan1 up
		route add 10.244.1.0/24 via 10.244.255.1
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
}

make_services() {
	in_node iptables-restore --noflush <<-END
		*nat
		-A PREROUTING -d $AWAY -p tcp -m tcp --dport 80 -j DNAT --to-destination $REMOTE:8080
		-A PREROUTING -d $HOST -p tcp -m tcp --dport 80 -j DNAT --to-destination $BRIDGE:8081
		-A PREROUTING -d $NODE_MASQUERADED -p tcp -m tcp --dport 30080 -j DNAT --to-destination $CART:8080
		-A PREROUTING -d $NODE_KEPT -p tcp -m tcp --dport 30080 -j DNAT --to-destination $CART:8080
		-A PREROUTING -d $PROXIED -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8082
		-A PREROUTING -d $MASQUERADED -p tcp -m tcp --dport 80 -j DNAT --to-destination $CART:8080
		-A PREROUTING -d $MASQUERADED -p udp -m udp --dport 53 -j DNAT --to-destination $DNS:5353
		-A POSTROUTING -m conntrack --ctorigdst $NODE_MASQUERADED -j MASQUERADE
		-A POSTROUTING -m conntrack --ctorigdst $MASQUERADED -j MASQUERADE
		COMMIT
	END
}

# --- the traffic

# twin WHAT CLIENT PROTOCOL ADDRESS: the pair of this client and what it asked must be there, and have no finding.
twin() { TWINS["$2 $3 $4"]=$1; }

# http WHAT CLIENT ADDRESS PORT SERVER POD: it answers the pod's request.
http() {
	local host=$3

	[[ $host != *:* ]] || host="[$host]"
	same "$1: the answer" "$5: hello" "$(in_pod "$6" curl -gsf -m 10 "http://$host:$4/" | sed 's/ from .*//')"
	twin "$1" "$2" tcp "$3"
}

# udp WHAT CLIENT ADDRESS PORT POD: it echoes the pod's datagram.
udp() {
	# shellcheck disable=SC2016 # the inner shell's
	same "$1: the answer" "hello" "$(in_pod "$5" timeout 10 bash -c '
		exec 3<>"/dev/udp/$0/$1"
		echo hello >&3
		head -n 1 <&3' "$3" "$4")"
	twin "$1" "$2" udp "$3"
}

direct() {
	http "direct" $FRONTEND $CART 8080 cart frontend
	http "direct, IPv6" $FRONTEND6 $CART6 8080 cart frontend
	udp "direct, UDP" $FRONTEND $DNS 5353 frontend
	udp "direct, UDP, IPv6" $FRONTEND6 $DNS6 5353 frontend
}

another_node() {
	http "a pod of another node" $FRONTEND $REMOTE 8080 remote frontend
	http "a Service on another node" $FRONTEND $AWAY 80 remote frontend
}

host_network() { http "a server on the host's network" $FRONTEND $HOST 80 node frontend; }

node_port() {
	http "NodePort, masqueraded" $OUTSIDE $NODE_MASQUERADED 30080 cart outside
	http "NodePort, the source kept" $OUTSIDE $NODE_KEPT 30080 cart outside
}

userspace_proxy() {
	http "a proxy" $FRONTEND $BRIDGE 8082 cart frontend
	http "a Service by a proxy" $FRONTEND $PROXIED 80 cart frontend
	twin "a proxy's own request" $BRIDGE tcp $CART
}

masquerade() {
	http "masqueraded" $FRONTEND $MASQUERADED 80 cart frontend
	udp "masqueraded, UDP" $FRONTEND $MASQUERADED 53 frontend
	http "a pod calls itself" $CART $MASQUERADED 80 cart cart
}

# At the ports, by nftables, without a state: both directions before the bridge sees them.
at_both_ports() {
	in_node nft -f - <<-END
		table netdev below {
			chain request {
				type filter hook ingress device veth-dns priority 0
				ip daddr $AROUND tcp dport 8080 ether daddr set $(mac_of cart) ip daddr set $CART
			}
			chain reply {
				type filter hook ingress device veth-cart priority 0
				ip daddr $DNS tcp sport 8080 ip saddr set $AROUND
			}
		}
	END
	http "translated below, at both ports" $DNS $AROUND 8080 cart dns
}

# At the client's port, by eBPF at tc: the request before the bridge sees it, the reply behind it.
at_the_clients_port() {
	in_node "$REWRITE" --device veth-loadgen --service $BELOW --server $CART --mac "$(mac_of cart)" --port 8080
	http "translated below, at the client's port, by eBPF" $LOADGEN $BELOW 8080 cart loadgen
	# Only a backend that looks before tc's ingress and behind its egress can see what was asked.
	unset "TWINS[$LOADGEN tcp $BELOW]"
}

# check BACKEND: what the last summary says of each pair.
check() {
	local client protocol asked findings key
	local -A seen=()

	look_at "$1"
	check_sums
	summary '.pairs[] | "\(.client.ip) \(.protocol) \(.service.ip // .server.ip) \(.findings | join(","))"' \
		>"$SCENE_DIR/pairs"
	while read -r client protocol asked findings; do
		key="$client $protocol $asked"
		seen[$key]=1
		same "${TWINS[$key]:-a pair of no case} ($key), $1: findings" "" "$findings"
	done <"$SCENE_DIR/pairs"
	for key in "${!TWINS[@]}"; do
		same "${TWINS[$key]} ($key), $1: seen" 1 "${seen[$key]:-0}"
	done
	same "all, $1: findings" "" "$(summary '[.findings[].id] | join(" ")')"
	for key in "${!TWINS[@]}"; do
		record "$1" "none: ${TWINS[$key]}, ${key#* }, 0" pass none
	done
}

"$LAB" up --name "$PREFIX" --static --setting 0 >"$SCENE_DIR/lab.log" 2>&1 || fail "$(cat "$SCENE_DIR/lab.log")"
make_outside $NODE_MASQUERADED $NODE_KEPT
make_node2
make_services
serve_http node 8081
serve_http remote 8080
serve node 8082 busybox nc -ll -p 8082 -e busybox nc $CART 8080
backends=$(usable_backends)
observe_all_start "$backends"
direct
another_node
host_network
node_port
userspace_proxy
masquerade
at_both_ports
at_the_clients_port
observe_all_stop
for backend in $backends; do
	check "$backend"
done
