#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Frames that leave by many ports, by some, or by the one they came by: floods, multicast groups, hairpin. Oracles:
# the ports' own counters, and netfilter's counters where the frames arrive.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/lib/cases.sh
. "$(dirname "$0")/lib/cases.sh"

readonly DNS=10.244.1.13 DNS_SERVICE=10.96.0.53
readonly WIDE=9 SNOOP_PORTS=4 # ports of the two bridges
readonly STRANGER=02:00:00:00:99:99 BEHIND_WIDE2=02:00:00:00:01:22
readonly GROUP=01:00:5e:01:01 # and the last byte of a multicast group 239.1.1.N

also_at_exit() { edge_down; }

# add_ports BRIDGE COUNT: BRIDGE1, BRIDGE2, ... in the node, and of the same names in the edge.
add_ports() {
	local number
	for ((number = 1; number <= $2; number++)); do
		printf 'link add %s type veth peer name %s netns %s\nlink set %s master %s up\n' \
			"$1$number" "$1$number" "$EDGE" "$1$number" "$1"
		printf 'link set %s up\n' "$1$number" >&3
	done
}

# wide: nine ports, no snooping. snoop: four ports, snooping, with a querier of its own, because without one every
# group is flooded; its next query is not due for hours.
make_bridges() {
	exec 3>"$SCENE_DIR/edge.batch"
	{
		printf 'link add wide type bridge stp_state 0 forward_delay 0 mcast_snooping 0\n'
		printf 'link add snoop type bridge stp_state 0 forward_delay 0 mcast_snooping 1 %s\n' \
			'mcast_query_response_interval 1 mcast_startup_query_interval 1000000 mcast_query_interval 1000000'
		printf 'link set snoop type bridge mcast_querier 1\nlink set wide up\nlink set snoop up\n'
		add_ports wide "$WIDE"
		add_ports snoop "$SNOOP_PORTS"
	} | in_node ip -batch -
	exec 3>&-
	in_edge ip -batch "$SCENE_DIR/edge.batch"
	in_node bridge -batch - <<-END
		mdb add dev snoop port snoop2 grp 239.1.1.1 permanent
		mdb add dev snoop port snoop2 grp 239.1.1.2 permanent
		mdb add dev snoop port snoop3 grp 239.1.1.2 permanent
		link set dev wide2 hairpin on
		fdb replace $BEHIND_WIDE2 dev wide2 master static
		link set dev veth-dns hairpin on
	END
	# A pod that is its own Service's server must not see its own address as the source.
	in_node iptables -t nat -A POSTROUTING -s "$DNS" -d "$DNS" -j MASQUERADE
	wait_for 20 all_forward || fail "the ports do not forward"
}

all_forward() { [ "$(in_node bridge link | grep -c 'state forwarding')" -eq $((4 + WIDE + SNOOP_PORTS)) ]; }

send_everything() {
	send_frames edge wide1 02:00:00:00:01:01 "$STRANGER" 10.9.1.1 10.9.1.2 47
	send_frames edge wide1 02:00:00:00:01:01 ff:ff:ff:ff:ff:ff 10.9.2.1 10.9.2.2 43
	send_frames edge wide1 02:00:00:00:01:01 "$GROUP:03" 10.9.3.1 239.1.1.3 41
	send_frames edge wide2 02:00:00:00:01:02 "$BEHIND_WIDE2" 10.9.4.1 10.9.4.2 37
	send_frames edge snoop1 02:00:00:00:05:01 "$GROUP:01" 10.9.5.1 239.1.1.1 31
	send_frames edge snoop1 02:00:00:00:05:01 "$GROUP:02" 10.9.6.1 239.1.1.2 29
	# The group's own member: nobody else is left.
	send_frames edge snoop2 02:00:00:00:05:02 "$GROUP:01" 10.9.7.1 239.1.1.1 23
	in_pod dns "$TRAFFIC" udp --from "$DNS" --source-port $((41000 + $1)) --to "$DNS_SERVICE" --port 53 --count 19
}

# check_flood HANDLING
check_flood() {
	local number
	expect_frames 10.9.1.1 10.9.1.2 47 flooded "$1" "wide1>null"
	expect_frames 10.9.2.1 10.9.2.2 43 flooded "$1" "wide1>null"
	for ((number = 3; number <= WIDE; number++)); do
		expect "frames sent by wide$number" $((47 + 43 + 41)) "${COUNTER["tx wide$number"]}"
	done
	expect "what left by the port they came by" 0 "${COUNTER["tx wide1"]}"
	end_case "unknown unicast and broadcast to $((WIDE - 1)) ports"
}

check_multicast() {
	expect_frames 10.9.3.1 239.1.1.3 41 flooded "$1" "wide1>null"
	end_case "multicast without snooping"
	expect_frames 10.9.5.1 239.1.1.1 31 bridged "$1" "snoop1>snoop2"
	expect_frames 10.9.6.1 239.1.1.2 29 flooded "$1" "snoop1>null"
	expect "frames sent by snoop2 and snoop3" "$((31 + 29)) 29" "${COUNTER["tx snoop2"]} ${COUNTER["tx snoop3"]}"
	expect "frames sent by snoop1 and snoop4" "0 0" "${COUNTER["tx snoop1"]} ${COUNTER["tx snoop4"]}"
	end_case "multicast groups of one and of two ports"
	expect_paths "10.9.7.1 239.1.1.1 ip-253" "23/dropped=23" "snoop2>null"
	end_case "multicast group whose only member sends"
}

# check_hairpin HANDLING PATH-OF-A-SERVICE
check_hairpin() {
	expect_frames 10.9.4.1 10.9.4.2 37 bridged "$1" "wide2>wide2"
	expect "frames sent by wide2, with the floods of wide1" $((47 + 43 + 41 + 37)) "${COUNTER["tx wide2"]}"
	end_case "hairpin"
	expect_pair "$DNS $DNS udp $DNS_SERVICE" "19/$2=19/tracked=19 0//" "veth-dns>veth-dns"
	expect_arrived 10.244.1.1 "$DNS" 19
	end_case "a pod that calls the Service that it is"
}

lab_up --setting 0
edge_up
make_bridges
count_arrivals edge dns
backends=$(usable_backends)
for setting in 0 1; do
	set_setting "$setting"
	counters_start
	observe_all_start "$backends"
	send_everything "$setting"
	observe_all_stop
	counters_stop
	read_arrivals edge dns
	for backend in $backends; do
		judge "$backend" "$setting"
		if [ "$setting" -eq 0 ]; then handling=bypassed path=routed; else handling=tracked path=bridged; fi
		check_flood "$handling"
		check_multicast "$handling"
		check_hairpin "$handling" "$path"
	done
done
end_scene
