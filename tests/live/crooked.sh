#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Frames that do not run straight: fragments, a request that waits for its neighbour, a client port used again. The
# diagnosis has to stand, and no other one may appear. Oracles: curl's and ping's own results.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"

readonly FRONTEND=10.244.1.11 CART=10.244.1.12
readonly LOADGEN=10.244.1.14 # is no party to what is asked of the Services
readonly CLUSTER_IP=10.96.0.10 DNS_SERVICE=10.96.0.53

finding_count() { summary '.findings | length'; }

# send_large_pings WHAT
send_large_pings() { in_pod frontend ping -q -c 5 -i 0.05 -s 4000 "$LOADGEN" >/dev/null || fail "$1: large pings"; }

# Datagrams of four fragments, to the Service and directly.
check_fragments() {
	local backend

	"$LAB" set 0 --name "$PREFIX" >/dev/null
	observe_all_start "$backends"
	in_pod frontend "$TRAFFIC" udp --from "$FRONTEND" --source-port 40001 --to "$DNS_SERVICE" --port 53 --count 3 \
		--size 4000
	send_large_pings 0
	observe_all_stop
	for backend in $backends; do
		look_at "$backend"
		check_sums
		same "$backend: Services with port 0" 0 "$(summary '[.pairs[] | select(.service.port == 0)] | length')"
		same "$backend: what is found for fragments" 0 \
			"$(summary "[.findings[] | select(.evidence.service != \"$DNS_SERVICE:53\")] | length")"
		same "$backend, 0: fragments port to port" "15/bridged=15/bypassed=15 15/bridged=15/bypassed=15" \
			"$(pair_counts $FRONTEND $LOADGEN icmp)"
	done

	"$LAB" set 1 --name "$PREFIX" >/dev/null
	observe_all_start "$backends"
	send_large_pings 1
	observe_all_stop
	for backend in $backends; do
		look_at "$backend"
		check_sums
		same "$backend, 1: flooded fragments" 0 "$(summary .frames.flooded)"
		same "$backend, 1: findings" 0 "$(finding_count)"
	done
}

# The first request to a pod that nobody has spoken to yet: it goes up, waits for ARP, and leaves on its own.
check_unresolved_neighbour() {
	local backend

	"$LAB" set 0 --name "$PREFIX" >/dev/null
	in_node ip neigh del "$CART" dev cni0 2>/dev/null || true
	observe_all_start "$backends"
	! in_pod frontend curl -s -o /dev/null -m 0.5 "http://$CLUSTER_IP/" || fail "the Service answered"
	observe_all_stop
	for backend in $backends; do
		look_at "$backend"
		check_sums
		same "$backend: the request waited, and is one that was routed" 1 \
			"$(summary '[.pairs[] | select(.service.port == 80) | .to_server.paths
				| select(.up == null and .routed > 0)] | length')"
		same "$backend: the finding of one request that waited, and its Service" "reply-not-translated $CLUSTER_IP:80" \
			"$(summary '.findings[0] | "\(.id) \(.evidence.service)"')"
	done
}

# The Service works, then the setting goes off and the client asks the pod itself from the same port: healthy.
service_has_ended() { in_node conntrack -L -p tcp --orig-port-src 45001 2>/dev/null | grep -q TIME_WAIT; }

check_port_used_again() {
	local backend

	"$LAB" set 1 --name "$PREFIX" >/dev/null
	# A pod that remembers the former connection may refuse the next one with its ports (TIME_WAIT, and a timestamp
	# that is older by chance, since its offset depends on the destination).
	in_pod frontend sysctl -qw net.ipv4.tcp_max_tw_buckets=0
	in_pod cart sysctl -qw net.ipv4.tcp_max_tw_buckets=0
	observe_all_start "$backends"
	in_pod frontend curl -s -o /dev/null -m 3 --local-port 45001 "http://$CLUSTER_IP/" || fail "the Service"
	# The server may close after the client has its answer: its FIN has to be translated, too.
	wait_for 10 service_has_ended || fail "the connection to the Service does not end"
	"$LAB" set 0 --name "$PREFIX" >/dev/null
	in_pod frontend curl -s -o /dev/null -m 3 --local-port 45001 "http://$CART:8080/" || fail "the pod itself"
	observe_all_stop
	for backend in $backends; do
		look_at "$backend"
		check_sums
		same "$backend: findings when a port is used again" setting-changed \
			"$(summary '[.findings[].id] | unique | join(" ")')"
		same "$backend: pairs" 2 "$(summary '[.pairs[] | select(.protocol == "tcp")] | length')"
	done
}

"$LAB" up --name "$PREFIX" --setting 0 >"$SCENE_DIR/lab.log" 2>&1 || fail "$(cat "$SCENE_DIR/lab.log")"
backends=$(usable_backends)
check_unresolved_neighbour
check_fragments
check_port_used_again
