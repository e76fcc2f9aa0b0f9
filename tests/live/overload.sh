#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# More flows than the table holds, and a ring of one page: counts stay exact, at every summary, and what could not
# be attributed is said. Oracle: the ports' own counters.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/lib/overload.sh
. "$(dirname "$0")/lib/overload.sh"

readonly FRONTEND=10.244.1.11 CART=10.244.1.12
readonly PORTS=1009 EACH=3 # source ports, datagrams from each: primes

send_flows() {
	in_pod frontend "$TRAFFIC" udp --from "$FRONTEND" --source-port 20000 --ports "$PORTS" --count "$EACH" \
		--to "$CART" --port 7001
}

# Small table and ring: the counts of all frames are right, some have no pair.
check_overload() {
	local rx backend entered in_flight unattributed ring_full

	rx=$(port_packets rx)
	observe_all_start "$backends" --max-flows 64 --ring-bytes 4096
	send_flows
	observe_all_stop
	rx=$(($(port_packets rx) - rx))
	at_least "all of it was sent" $((PORTS * EACH)) "$rx"
	for backend in $backends; do
		look_at "$backend"
		check_sums
		read -r entered in_flight unattributed ring_full < <(summary '[.frames.entered, .frames.in_flight,
			.losses.unattributed_frames, .losses.ring_full] | join(" ")')
		same "$backend: entered is what the ports received" "$rx" "$entered"
		same "$backend: in flight at the end" 0 "$in_flight"
		at_least "$backend: unattributed frames" $((PORTS * EACH / 2)) "$unattributed"
		at_least "$backend: the ring was full" 1 "$ring_full"
	done
}

# A ring of one page alone loses nothing: counts stay in the table.
check_small_ring() {
	local backend

	observe_all_start "$backends" --ring-bytes 4096
	send_flows
	observe_all_stop
	for backend in $backends; do
		look_at "$backend"
		check_sums
		check_lossless
		at_least "$backend: the ring was full" 1 "$(summary .losses.ring_full)"
		same "$backend: every datagram has its pair" $((PORTS * EACH)) \
			"$(summary ".pairs[] | select(.client.ip == \"$FRONTEND\" and .protocol == \"udp\") | .to_server.frames")"
	done
}

several_summaries() { [ "$(wc -l <"$SCENE_DIR/summary-$1.json")" -ge 3 ]; }

# Summaries every 100 ms while traffic runs.
check_while_running() {
	local backend round

	FORMAT=ndjson observe_all_start "$backends" --interval 100ms --max-flows 512
	for round in 1 2 3 4 5; do
		send_flows
	done
	for backend in $backends; do
		wait_for 60 several_summaries "$backend" || fail "$backend: no summaries"
	done
	observe_all_stop
	for backend in $backends; do
		look_at "$backend"
		check_every_summary "$backend"
		same "$backend: in flight at the end, and all rounds" "0 $((PORTS * EACH * round))" \
			"$(tail -n 1 "$SUMMARY" | jq -r '"\(.frames.in_flight) \(.frames.bridged)"')"
	done
}

lab_up --setting 0
pod_is_silent cart 7001 # so that every frame is one that was sent
backends=$(usable_backends)
check_overload
check_small_ring
check_while_running
