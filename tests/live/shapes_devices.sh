#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Ports and bridges that are no plain cable: VXLAN, VLAN and bond devices as ports, a VLAN device over another bridge's
# port or on top of the bridge, two bridges in a node. A frame that passes several devices counts once. Oracles: the
# devices' own counters, and netfilter's counters where the frames arrive.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/lib/cases.sh
. "$(dirname "$0")/lib/cases.sh"
# shellcheck source=tests/live/lib/devices.sh
. "$(dirname "$0")/lib/devices.sh"

readonly FRONTEND=10.244.1.11 CART=10.244.1.12
# With VLAN devices and bonding there are more.
readonly PORTS_ALWAYS="veth-frontend veth-cart vxlan42 vxlan43 ul1 two tagged plain1"

also_at_exit() { edge_down; }

all_forward() { ! in_node bridge link | grep -v 'state forwarding'; }

send_tunnelled() {
	send_frames frontend eth0 "$FRONTEND_MAC" "$FAR:42:02" 10.9.1.1 10.9.1.2 47
	send_frames edge vxlan42 "$FAR:42:02" "$CART_MAC" 10.9.2.1 10.9.2.2 43
	send_frames frontend eth0 "$FRONTEND_MAC" "$FAR:43:02" 10.9.3.1 10.9.3.2 41
	send_frames edge vxlan43 "$FAR:43:02" "$CART_MAC" 10.9.4.1 10.9.4.2 37
}

send_routed() {
	send_frames frontend eth0 "$FRONTEND_MAC" "$NODE_MAC" "$FRONTEND" 10.244.2.21 61
	send_frames edge two "$FAR:21:02" "$FAR:21:01" 10.244.2.21 "$FRONTEND" 59
	send_frames frontend eth0 "$FRONTEND_MAC" "$CART_MAC" 10.9.5.1 10.9.5.2 53
}

send_by_vlans() {
	send_frames edge plain1 "$FAR:20:01" "$FAR:20:02" 10.9.8.1 10.9.8.2 2
	[ "$have_vlan" -eq 1 ] || return 0
	send_frames frontend eth0 "$FRONTEND_MAC" "$FAR:10:02" 10.9.6.1 10.9.6.2 31
	send_frames edge trunk.10 "$FAR:10:02" "$CART_MAC" 10.9.7.1 10.9.7.2 29
	send_frames frontend eth0 "$FRONTEND_MAC" "$FAR:20:02" 10.9.9.1 10.9.9.2 23
	send_frames edge tagged.20 "$FAR:20:02" "$CART_MAC" 10.9.10.1 10.9.10.2 19
	send_frames frontend eth0 "$FRONTEND_MAC" "$NODE_MAC" 10.244.20.11 "$CART" 17 --vlan 20
	send_frames cart eth0 "$CART_MAC" "$NODE_MAC" "$CART" 10.244.20.12 13
}

send_by_bond() {
	[ "$have_bond" -eq 1 ] || return 0
	send_frames frontend eth0 "$FRONTEND_MAC" "$FAR:b0:02" 10.9.11.1 10.9.11.2 11
	send_frames edge bond1 "$FAR:b0:02" "$CART_MAC" 10.9.12.1 10.9.12.2 4
	send_frames edge bond2 "$FAR:b0:02" "$CART_MAC" 10.9.12.1 10.9.12.2 3
}

# check_tunnels HANDLING-OF-BRIDGED. The underlay is no port for the first two. For the others it is, of a bridge of its
# own, on which the packet of the tunnel is a frame of its own: from the host, or to it.
check_tunnels() {
	expect_frames 10.9.1.1 10.9.1.2 47 bridged "$1" "veth-frontend>vxlan42"
	expect_frames 10.9.2.1 10.9.2.2 43 bridged "$1" "vxlan42>veth-cart"
	expect_no_pair "192.168.42.1 192.168.42.2 udp"
	expect_no_pair "192.168.42.2 192.168.42.1 udp"
	expect "the underlay's own counters" "47 43" "${COUNTER["tx ul0"]} ${COUNTER["rx ul0"]}"
	expect_arrived 10.9.1.1 10.9.1.2 47
	expect_arrived 10.9.2.1 10.9.2.2 43
	end_case "VXLAN device as port"
	expect_frames 10.9.3.1 10.9.3.2 41 bridged "$1" "veth-frontend>vxlan43"
	expect_frames 10.9.4.1 10.9.4.2 37 bridged "$1" "vxlan43>veth-cart"
	expect_pair "192.168.43.1 192.168.43.2 udp" "41/egress=41/tracked=41 0//" "null>ul1"
	expect_paths "192.168.43.2 192.168.43.1 udp" "37/up=37" "ul1>null"
	expect "the underlay's own counters" "41 37" "${COUNTER["tx ul1"]} ${COUNTER["rx ul1"]}"
	expect_arrived 10.9.3.1 10.9.3.2 41
	expect_arrived 10.9.4.1 10.9.4.2 37
	end_case "VXLAN device as port, its underlay a port of another bridge"
}

check_two_bridges() {
	expect_pair "$FRONTEND 10.244.2.21 ip-253" "61/routed=61/tracked=61 59/routed=59/tracked=59" "veth-frontend>two"
	expect_arrived "$FRONTEND" 10.244.2.21 61
	expect_arrived 10.244.2.21 "$FRONTEND" 59
	end_case "routed from bridge to bridge"
}

check_one_of_two() {
	expect_pair "$FRONTEND 10.244.2.21 ip-253" "61/egress=61/tracked=61 59/routed=59/tracked=59"
	expect "all frames" "entered 59, egress 61" "entered ${FRAMES[entered]}, egress ${FRAMES[egress]}"
	end_case "only one bridge of two"
}

# check_vlans HANDLING-OF-BRIDGED
check_vlans() {
	expect_frames 10.9.6.1 10.9.6.2 31 bridged "$1" "veth-frontend>trunk.10"
	expect_arrived 10.9.6.1 10.9.6.2 31
	end_case "leaving by a VLAN device"
	expect_frames 10.9.7.1 10.9.7.2 29 bridged "$1" "trunk.10>veth-cart"
	expect_arrived 10.9.7.1 10.9.7.2 29
	end_case "entering by a VLAN device"
	expect_frames 10.9.9.1 10.9.9.2 23 bridged "$1" "veth-frontend>tagged.20"
	expect_arrived 10.9.9.1 10.9.9.2 23
	end_case "leaving by a VLAN device over another bridge's port"
	expect_frames 10.9.10.1 10.9.10.2 19 bridged "$1" "tagged.20>veth-cart"
	expect_arrived 10.9.10.1 10.9.10.2 19
	end_case "entering by a VLAN device over another bridge's port"
	expect_pair "10.244.20.11 $CART ip-253 vlan 20" "17/routed=17/tracked=17 0//" "veth-frontend>veth-cart"
	expect_arrived 10.244.20.11 "$CART" 17
	end_case "routed from a VLAN device on top of the bridge"
	expect_frames "$CART" 10.244.20.12 13 routed tracked "veth-cart>veth-frontend"
	end_case "routed to a VLAN device on top of the bridge"
}

skip_vlans() {
	local name
	for name in "leaving by a VLAN device" "entering by a VLAN device" \
		"leaving by a VLAN device over another bridge's port" \
		"entering by a VLAN device over another bridge's port" \
		"routed from a VLAN device on top of the bridge" "routed to a VLAN device on top of the bridge"; do
		skip_case "$name" "no 802.1Q VLAN devices in this kernel"
	done
}

check_bond() {
	expect_frames 10.9.11.1 10.9.11.2 11 bridged "$1" "veth-frontend>bond"
	expect "frames sent by its members" 11 $((COUNTER["tx bond1"] + COUNTER["tx bond2"]))
	expect_arrived 10.9.11.1 10.9.11.2 11
	end_case "leaving by a bond"
	expect_frames 10.9.12.1 10.9.12.2 7 bridged "$1" "bond>veth-cart"
	expect "frames received by its members" "4 3" "${COUNTER["rx bond1"]} ${COUNTER["rx bond2"]}"
	expect_arrived 10.9.12.1 10.9.12.2 7
	end_case "entering by a bond"
}

skip_bond() {
	skip_case "leaving by a bond" "no bonding in this kernel"
	skip_case "entering by a bond" "no bonding in this kernel"
}

# A frame for a VLAN device counts at the device below, too.
check_counters() {
	local port received=$((-${COUNTER["rx tagged.20"]:-0}))

	for port in $PORTS_ALWAYS trunk.10 tagged.20 bond; do
		received=$((received + ${COUNTER["rx $port"]:-0}))
	done
	expect "frames that entered" "$received" "${FRAMES[entered]}"
	expect_frames 10.9.8.1 10.9.8.2 2 bridged "$1" "plain1>tagged"
	expect_frames 10.9.5.1 10.9.5.2 53 bridged "$1" "veth-frontend>veth-cart"
	expect "frames that left by several ports" 0 "${FRAMES[flooded]}"
	end_case "all that the ports received"
}

lab_up --setting 0
edge_up
make_bridges
make_vlans
make_bond
wait_for 20 all_forward || fail "the ports do not forward"
count_arrivals edge frontend cart
backends=$(usable_backends)
for setting in 0 1; do
	set_setting "$setting"
	observe_all_start "$backends"
	[ "$setting" -eq 1 ] || observe_also "$backends" second --bridge second
	counters_start
	send_tunnelled
	send_routed
	send_by_vlans
	send_by_bond
	counters_stop
	observe_all_stop
	read_arrivals edge frontend cart
	if [ "$setting" -eq 0 ]; then handling=bypassed; else handling=tracked; fi
	for backend in $backends; do
		judge "$backend" "$setting"
		check_tunnels "$handling"
		check_two_bridges
		if [ "$have_vlan" -eq 1 ]; then check_vlans "$handling"; else skip_vlans; fi
		if [ "$have_bond" -eq 1 ]; then check_bond "$handling"; else skip_bond; fi
		check_counters "$handling"
		[ "$setting" -eq 0 ] || continue
		judge "$backend" "$setting" "$backend-second"
		check_one_of_two
	done
done
end_scene
