#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Known primes of frames of each kind; exactly those are found, per pair, direction, path and handling, with the
# setting off and on, under every backend that works here. Oracle: the ports' own counters.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"

readonly FRONTEND=10.244.1.11 CART=10.244.1.12 DNS=10.244.1.13 BRIDGE=10.244.1.1
readonly FRONTEND6=fd00:244:1::11 CART6=fd00:244:1::12
readonly DNS_SERVICE=10.96.0.53
readonly NOBODY=10.244.1.99 # an address of no pod: frames to it are taken by MAC and die there without an answer
readonly COPIES=3           # ports that a flooded frame leaves by, of four

frames_from_frontend() { in_pod frontend "$TRAFFIC" frame --device eth0 --from "$FRONTEND_MAC" "$@"; }

# send_and_receive COUNT RECEIVER-POD ADDRESS PORT SENDER-COMMAND...
send_and_receive() {
	local count=$1 pod=$2 address=$3 port=$4 received
	shift 4

	rm -f "$SCENE_DIR/received" # its "ready" is the last receiver's
	in_pod "$pod" "$TRAFFIC" receive --on "$address" --port "$port" --count "$count" >"$SCENE_DIR/received" &
	local receiver=$!
	wait_for 10 grep -qs ready "$SCENE_DIR/received" || fail "the receiver on $address does not start"
	"$@"
	wait "$receiver"
	received=$(tail -n 1 "$SCENE_DIR/received")
	same "datagrams received on $address:$port" "$count" "$received"
}

send_everything() {
	send_and_receive 101 cart "$CART" 7001 in_pod frontend "$TRAFFIC" udp --from "$FRONTEND" \
		--source-port 40001 --to "$CART" --port 7001 --count 101
	send_and_receive 53 cart "$CART6" 7002 in_pod frontend "$TRAFFIC" udp --from "$FRONTEND6" \
		--source-port 40002 --to "$CART6" --port 7002 --count 53 --size 1200
	send_and_receive 97 dns "$DNS" 5353 in_pod frontend "$TRAFFIC" udp --from "$FRONTEND" \
		--source-port 40003 --to "$DNS_SERVICE" --port 53 --count 97
	send_and_receive 43 dns "$DNS" 7003 in_node "$TRAFFIC" udp --from "$BRIDGE" \
		--source-port 40004 --to "$DNS" --port 7003 --count 43
	in_pod frontend ping -q -c 13 -i 0.01 "$DNS" >/dev/null
	in_pod frontend ping -q -c 11 -i 0.01 "$BRIDGE" >/dev/null
	frames_from_frontend --to "$CART_MAC" --source "$FRONTEND" --destination "$NOBODY" --protocol 132 \
		--source-port 3868 --port 3868 --count 41
	frames_from_frontend --to "$CART_MAC" --vlan 10 --source "$FRONTEND" --destination "$CART" --protocol 17 \
		--source-port 5000 --port 4000 --count 29
	frames_from_frontend --to "$CART_MAC" --pppoe --source "$FRONTEND6" --destination "$CART6" --protocol 17 \
		--source-port 5001 --port 4001 --count 23
	frames_from_frontend --to "$CART_MAC" --ethertype 0x88b5 --count 37
	frames_from_frontend --to ff:ff:ff:ff:ff:ff --ethertype 0x88b6 --count 19
	# To a MAC behind the port it came from: the bridge drops it. Conntrack calls it invalid.
	frames_from_frontend --to "$FRONTEND_MAC" --source "$FRONTEND" --destination 192.0.2.1 --protocol 17 \
		--bad-length --source-port 5002 --port 4002 --count 31
}

# ethertype NAME: to_server frames, path and reason of the frontend's frames of an EtherType.
ethertype() {
	summary ".pairs[] | select(.protocol == \"$1\" and .client.port_device == \"veth-frontend\") | .to_server
		| \"\(.frames) \(.paths | keys | join(\",\")) \(.bypass_reasons // {} | to_entries | map(\"\(.key)=\(.value)\") | join(\",\"))\""
}

vlan_reasons() {
	summary '.pairs[] | select(.vlan == 10) | .to_server.bypass_reasons | to_entries | map("\(.key)=\(.value)") | join(",")'
}

# check_kinds BACKEND SETTING HANDLING-OF-IP-IN-LAYER-2
check_kinds() {
	local what="$1, $2:" in_layer2=$3 up=tracked dropped=unknown routed=routed

	[ "$1 $2" != "tracepoint 0" ] || up=unknown # docs/support.md: conntrack's turn comes after that backend's last look
	[ "$1 $2" = "tracepoint $2" ] || [ "$2" -eq 0 ] || dropped=untracked # conntrack saw them, and their UDP length is wrong
	[ "$2" -eq 0 ] || routed=bridged # br_netfilter translates in layer 2, the frame need not go up
	same "$what UDP" "101/bridged=101/$in_layer2=101 0//" "$(pair_counts $FRONTEND $CART udp)"
	same "$what Service" "97/$routed=97/tracked=97 0//" "$(pair_counts $FRONTEND $DNS udp $DNS_SERVICE)"
	same "$what from the node" "43/egress=43/tracked=43 0//" "$(pair_counts $BRIDGE $DNS udp)"
	same "$what ping" "13/bridged=13/$in_layer2=13 13/bridged=13/$in_layer2=13" \
		"$(pair_counts $FRONTEND $DNS icmp)"
	same "$what ping to the node" "11/up=11/$up=11 11/egress=11/tracked=11" \
		"$(pair_counts $FRONTEND $BRIDGE icmp)"
	# Its first chunk is none that begins an association: conntrack sees it and calls it invalid.
	same "$what SCTP" "41/bridged=41/$([ "$2" -eq 0 ] && echo bypassed || echo untracked)=41 0//" "$(pair_counts $FRONTEND $NOBODY sctp)"
	same "$what unicast, not IP" "37 bridged not-ip=37" "$(ethertype 0x88b5)"
	same "$what broadcast, not IP" "19 flooded not-ip=19" "$(ethertype 0x88b6)"
	same "$what dropped" "31/dropped=31/$dropped=31 0//" "$(pair_counts $FRONTEND 192.0.2.1 udp)"
	same "$what VLAN-tagged" "vlan-tagged=29" "$(vlan_reasons)"
}

# IPv6: plain and below PPPoE are one pair, told apart by handling and reason.
check_ipv6() {
	local what="$1, $2: IPv6 UDP and 23 of it below PPPoE"

	if [ "$2" -eq 0 ]; then
		same "$what" "76/bridged=76/bypassed=76 0//" "$(pair_counts $FRONTEND6 $CART6 udp)"
		same "$what, reasons" "53 23" "$(summary ".pairs[] | select(.client.ip == \"$FRONTEND6\")
			| .to_server.bypass_reasons | \"\(.[\"sysctl-off\"]) \(.[\"pppoe-tagged\"])\"")"
	else
		same "$what" "76/bridged=76/tracked=53,bypassed=23 0//" "$(pair_counts $FRONTEND6 $CART6 udp)"
	fi
	# 53 of 14 + 40 + 8 + 1200 bytes, 23 of 14 + 8 + 40 + 12 + 20
	same "$what, bytes" $((53 * 1262 + 23 * 94)) \
		"$(summary ".pairs[] | select(.client.ip == \"$FRONTEND6\") | .to_server.bytes")"
}

check_counters() {
	same "$1, $2: entered is what the ports received" "$RX" "$(summary .frames.entered)"
	same "$1, $2: what left is what the ports sent" "$TX" \
		"$(summary ".frames | .bridged + .routed + .egress + $COPIES * .flooded")"
}

lab_up --setting 0
FRONTEND_MAC=$(mac_of frontend)
CART_MAC=$(mac_of cart)
backends=$(usable_backends)
for setting in 0 1; do
	"$LAB" set "$setting" --name "$PREFIX" >/dev/null
	rx=$(port_packets rx) tx=$(port_packets tx)
	observe_all_start "$backends"
	send_everything
	observe_all_stop
	RX=$(($(port_packets rx) - rx)) TX=$(($(port_packets tx) - tx))
	for backend in $backends; do
		look_at "$backend"
		check_sums
		check_lossless
		check_kinds "$backend" "$setting" "$([ "$setting" -eq 0 ] && echo bypassed || echo tracked)"
		check_ipv6 "$backend" "$setting"
		check_counters "$backend" "$setting"
		same "$backend, $setting: findings" "$([ "$setting" -eq 0 ] || echo depends-on-bridge-netfilter)" \
			"$(summary '[.findings[].id] | join(" ")')"
	done
done
