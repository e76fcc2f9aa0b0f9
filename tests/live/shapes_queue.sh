#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Frames that wait on their way while others pass: in an NFQUEUE, or for their neighbour; and frames that a rule drops
# after conntrack had them. Each counts once, by what became of it. Oracles: the program that held the packets,
# netfilter's own counters in the rule and where the frames arrive.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/lib/cases.sh
. "$(dirname "$0")/lib/cases.sh"

: "${REQUEUE:?path of the requeue program}"

readonly FRONTEND=10.244.1.11 CART=10.244.1.12 DNS=10.244.1.13 LOADGEN=10.244.1.14
readonly DNS_SERVICE=10.96.0.53 DNS_MAC=02:42:0a:f4:01:13 LOADGEN_MAC=02:42:0a:f4:01:14
readonly OUTSIDE_MAC=02:00:00:00:00:01
readonly SILENT=10.244.1.97 GONE=10.244.1.98 # neighbours that never answer
readonly TO_CART=7301 TO_DROP=7302 TO_RULE=7303
CPUS=$(nproc)
have_queue=1
declare -A HOLDERS=() # queue: process

# Queue 1 for a bridged pair, 2 for one whose packets are dropped, 3 for a Service.
make_rules() {
	in_node iptables -A FORWARD -p udp --dport "$TO_RULE" -j DROP
	in_node iptables-restore --noflush 2>"$SCENE_DIR/nfqueue" <<-END || have_queue=0
		*filter
		-A FORWARD -p udp --dport $TO_CART -j NFQUEUE --queue-num 1
		-A FORWARD -p udp --dport $TO_DROP -j NFQUEUE --queue-num 2
		-A FORWARD -p udp -s $FRONTEND --dport 5353 -j NFQUEUE --queue-num 3
		COMMIT
	END
}

# A way in that is no port, and a protocol that ends in the node.
make_outside() {
	in_node ip -batch - <<-END
		link add outside type veth peer name outside netns $EDGE
		link set outside address $OUTSIDE_MAC up
	END
	in_edge ip link set outside up
	in_node iptables -A INPUT -p 253 -j DROP
}

# hold QUEUE COUNT VERDICT: holds that many packets until all are there.
hold() {
	: >"$SCENE_DIR/queue-$1"
	in_node "$REQUEUE" --queue "$1" --count "$2" --verdict "$3" >"$SCENE_DIR/queue-$1" 2>"$SCENE_DIR/stderr-requeue" &
	HOLDERS[$1]=$!
	wait_for 20 grep -qs ready "$SCENE_DIR/queue-$1" || fail "nobody takes queue $1"
}

# released QUEUE COUNT: all were held, and their verdict has been given.
released() {
	wait "${HOLDERS[$1]}" || fail "the holder of queue $1"
	unset "HOLDERS[$1]"
	same "packets held in queue $1" "$2" "$(tail -n 1 "$SCENE_DIR/queue-$1")"
}

also_at_exit() {
	kill "${HOLDERS[@]}" 2>/dev/null || true
	edge_down
}

# The kernel uses an skb's memory again at once: what comes next is another frame, though it has the address of one
# that went up and ended, or was dropped.
reuse_memory() {
	for _ in 1 2 3; do
		send_frames frontend eth0 "$FRONTEND_MAC" "$NODE_MAC" 10.9.2.1 10.244.1.1 11
		[ "$setting" -eq 0 ] || datagrams loadgen "$LOADGEN" "$CART" "$TO_RULE" 13
		send_frames edge outside 02:00:00:00:00:02 "$OUTSIDE_MAC" 10.9.3.1 "$CART" 17
	done
}

# datagrams FROM-POD SOURCE DESTINATION PORT COUNT: from another port for each setting and round, because conntrack
# remembers.
datagrams() {
	in_pod "$1" "$TRAFFIC" udp --from "$2" --source-port $((42000 + 100 * setting + ${round:-0})) --to "$3" --port "$4" --count "$5"
}

# Frames of others, on every processor: brpath keeps the frame at hand by processor.
others_pass() {
	local cpu
	for ((cpu = 0; cpu < CPUS; cpu++)); do
		in_pod loadgen taskset -c "$cpu" "$TRAFFIC" frame --device eth0 --from "$LOADGEN_MAC" --to "$CART_MAC" \
			--protocol 253 --source 10.9.1.1 --destination 10.9.1.2 --count 7
	done
}

# How long they wait is the case, and no waiting for something: rounds of these spread over the second in which brpath
# reads its tables, so that some go on before it has told of them, and some after.
linger() { read -rt 0.3 -u "$SILENCE" || true; }

# send_queued TOTAL FROM-POD SOURCE DESTINATION PORT: others pass after all but the last, with which the verdicts come.
send_queued() {
	datagrams "$2" "$3" "$4" "$5" $(($1 - 1))
	others_pass
	linger
	datagrams "$2" "$3" "$4" "$5" 1
}

queue_frames() {
	local round
	[ "$have_queue" -eq 1 ] || return 0
	for round in 13 11 7 5 3; do
		hold 3 "$round" accept
		send_queued "$round" frontend "$FRONTEND" "$DNS_SERVICE" 53
		released 3 "$round"
	done
	[ "$setting" -eq 1 ] || return 0 # layer 2 has no queues then
	hold 1 47 accept
	hold 2 41 drop
	send_queued 47 frontend "$FRONTEND" "$CART" "$TO_CART"
	released 1 47
	send_queued 41 frontend "$FRONTEND" "$LOADGEN" "$TO_DROP"
	released 2 41
}

resolved() { in_node ip neigh show "$DNS" dev cni0 | grep -q lladdr; }

# The pod answers the node's questions only when all have been sent and others have passed.
await_neighbour() {
	local round
	for round in 13 5 11; do
		in_node ip neigh del "$DNS" dev cni0
		in_pod dns sysctl -qw net.ipv4.conf.all.arp_ignore=8
		datagrams cart "$CART" "$DNS_SERVICE" 53 "$round"
		others_pass
		linger
		in_pod dns sysctl -qw net.ipv4.conf.all.arp_ignore=0
		wait_for 30 resolved || fail "the neighbour does not answer"
		in_node ip neigh replace "$DNS" lladdr "$DNS_MAC" dev cni0 nud permanent
	done
}

# One is given up, for the other they still wait when brpath stops.
await_nobody() {
	send_frames frontend eth0 "$FRONTEND_MAC" "$NODE_MAC" "$FRONTEND" "$GONE" 23
	send_frames frontend eth0 "$FRONTEND_MAC" "$NODE_MAC" "$FRONTEND" "$SILENT" 19
	others_pass
	in_node ip neigh del "$GONE" dev cni0
	others_pass
}

check_queued() {
	expect_pair "$FRONTEND $DNS udp $DNS_SERVICE" "39/$1=39/tracked=39 0//" "veth-frontend>veth-dns"
	expect_no_pair "$FRONTEND $DNS_SERVICE udp"
	expect_arrived "$FRONTEND" "$DNS" 39
	end_case "a Service's requests through an NFQUEUE"
	[ "$2" -eq 1 ] || return 0
	expect_pair "$FRONTEND $CART udp" "47/bridged=47/tracked=47 0//" "veth-frontend>veth-cart"
	expect_arrived "$FRONTEND" "$CART" 47
	end_case "bridged through an NFQUEUE"
	expect_pair "$FRONTEND $LOADGEN udp" "41/dropped=41/tracked=41 0//" "veth-frontend>null"
	expect_arrived "$FRONTEND" "$LOADGEN" 0
	end_case "dropped by an NFQUEUE's verdict"
}

skip_queued() {
	skip_case "a Service's requests through an NFQUEUE" "no NFQUEUE in this kernel"
	[ "$1" -eq 1 ] || return 0
	skip_case "bridged through an NFQUEUE" "no NFQUEUE in this kernel"
	skip_case "dropped by an NFQUEUE's verdict" "no NFQUEUE in this kernel"
}

# check_neighbours PATH-OF-A-SERVICE
check_neighbours() {
	expect_pair "$CART $DNS udp $DNS_SERVICE" "29/$1=29/tracked=29 0//" "veth-cart>veth-dns"
	expect_no_pair "$CART $DNS_SERVICE udp"
	expect_arrived "$CART" "$DNS" 29
	end_case "a Service's requests that wait for their neighbour"
	expect_paths "$FRONTEND $GONE ip-253" "23/up=23" "veth-frontend>null"
	end_case "given up because the neighbour never answered"
	expect_paths "$FRONTEND $SILENT ip-253" "19/up=19" "veth-frontend>null"
	end_case "still waiting for the neighbour at the end"
}

check_rule() {
	# It had got as far as FORWARD: where it was to leave is known.
	expect_pair "$LOADGEN $CART udp" "39/dropped=39/tracked=39 0//" "veth-loadgen>veth-cart"
	expect "dropped by the rule, by its own counter" 39 "$dropped"
	end_case "dropped by a rule after conntrack"
}

check_reuse() {
	expect_paths "10.9.2.1 10.244.1.1 ip-253" "33/up=33" "veth-frontend>null"
	expect_frames 10.9.3.1 "$CART" 51 egress tracked "null>veth-cart"
	expect_arrived 10.9.3.1 "$CART" 51
	end_case "from outside, in the memory of frames that ended"
}

check_others() {
	local handling=bypassed
	[ "$2" -eq 0 ] || handling=tracked
	expect_frames 10.9.1.1 10.9.1.2 "$1" bridged "$handling" "veth-loadgen>veth-cart"
	expect_arrived 10.9.1.1 10.9.1.2 "$1"
	end_case "those that passed meanwhile"
}

lab_up --setting 0
edge_up
make_outside
# Patience: a question every 0.2 s, for longer than a slow machine needs to send.
in_node sysctl -qw net.ipv4.neigh.cni0.mcast_solicit=200 net.ipv4.neigh.cni0.retrans_time_ms=200
make_rules
count_arrivals frontend cart dns loadgen
backends=$(usable_backends)
for setting in 0 1; do
	set_setting "$setting"
	in_node iptables -Z FORWARD
	observe_all_start "$backends"
	queue_frames
	reuse_memory
	await_neighbour
	await_nobody
	observe_all_stop
	dropped=$(in_node iptables -nvxL FORWARD | awk '$3 == "DROP" { print $1 }')
	in_node ip neigh del "$SILENT" dev cni0
	read_arrivals frontend cart dns loadgen
	passes=$((3 + 2 + have_queue * (5 + 2 * setting))) # of others
	for backend in $backends; do
		judge "$backend" "$setting"
		if [ "$setting" -eq 0 ]; then path=routed; else path=bridged; fi
		if [ "$have_queue" -eq 1 ]; then check_queued "$path" "$setting"; else skip_queued "$setting"; fi
		[ "$setting" -eq 0 ] || check_rule
		check_neighbours "$path"
		check_reuse
		check_others $((7 * CPUS * passes)) "$setting"
	done
done
end_scene
