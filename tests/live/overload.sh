#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# More flows than the table holds, and a ring of one page: counts stay exact, at every summary, and what could not
# be attributed is said. Oracle: the ports' own counters.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"

readonly FRONTEND=10.244.1.11 CART=10.244.1.12
readonly PORTS=1009 EACH=3 # source ports, datagrams from each: primes

send_flows() {
	in_pod frontend "$TRAFFIC" udp --from "$FRONTEND" --source-port 20000 --ports "$PORTS" --count "$EACH" \
		--to "$CART" --port 7001
}

# Every summary of an NDJSON file keeps its identities; prints how many there were.
check_every_summary() {
	local broken

	broken=$(jq -c 'select(.frames.in_flight < 0 or .frames.in_flight > 64
		or .frames.entered != (.frames | .bridged + .routed + .up + .flooded + .dropped + .in_flight)
		or (.frames | .entered - .in_flight + .egress) !=
		(([.pairs[] | .to_server.frames + .to_client.frames] | add // 0) + .losses.unattributed_frames))
		| {frames, losses}' "$SCENE_DIR/summaries.ndjson")
	[ -z "$broken" ] || fail "$1: summaries that do not add up: $broken"
	checks=$((checks + 1))
}

# Small table and ring: the counts of all frames are right, some have no pair.
check_overload() {
	local rx

	rx=$(port_packets rx)
	observe_start --backend "$1" --max-flows 64 --ring-bytes 4096
	send_flows
	observe_stop
	check_sums
	same "$1: entered is what the ports received" $(($(port_packets rx) - rx)) "$(summary .frames.entered)"
	at_least "$1: all of it was sent" $((PORTS * EACH)) "$(summary .frames.entered)"
	same "$1: in flight at the end" 0 "$(summary .frames.in_flight)"
	at_least "$1: unattributed frames" $((PORTS * EACH / 2)) "$(summary .losses.unattributed_frames)"
	at_least "$1: the ring was full" 1 "$(summary .losses.ring_full)"
}

# A ring of one page alone loses nothing: counts stay in the table.
check_small_ring() {
	observe_start --backend "$1" --ring-bytes 4096
	send_flows
	observe_stop
	check_sums
	check_lossless
	at_least "$1: the ring was full" 1 "$(summary .losses.ring_full)"
	same "$1: every datagram has its pair" $((PORTS * EACH)) \
		"$(summary ".pairs[] | select(.client.ip == \"$FRONTEND\" and .protocol == \"udp\") | .to_server.frames")"
}

several_summaries() { [ "$(wc -l <"$SCENE_DIR/summaries.ndjson")" -ge 3 ]; }

# Summaries every 100 ms while traffic runs.
check_while_running() {
	local ready="$SCENE_DIR/ready" line="" pid round

	mkfifo "$ready"
	"$BRPATH" observe --netns "$NODE" --format ndjson --interval 100ms --output "$SCENE_DIR/summaries.ndjson" \
		--backend "$1" --max-flows 512 --ready-fd 9 9>"$ready" 2>"$SCENE_DIR/stderr" &
	pid=$!
	OBSERVE_PID=$pid
	read -rt 120 line <"$ready" || true
	rm -f "$ready"
	[ "$line" = ready ] || fail "$1: brpath was not ready"
	for round in 1 2 3 4 5; do
		send_flows
	done
	wait_for 60 several_summaries || fail "$1: no summaries"
	kill -INT "$pid"
	wait "$pid" || fail "$1: brpath ended with status $?"
	OBSERVE_PID=
	check_every_summary "$1"
	same "$1: in flight at the end" 0 "$(tail -n 1 "$SCENE_DIR/summaries.ndjson" | jq .frames.in_flight)"
	same "$1: all rounds are in it" $((PORTS * EACH * round)) "$(tail -n 1 "$SCENE_DIR/summaries.ndjson" |
		jq '.frames.bridged')"
}

lab_up --setting 0
pod_is_silent cart 7001 # so that every frame is one that was sent
for backend in $(usable_backends); do
	check_overload "$backend"
	check_small_ring "$backend"
	check_while_running "$backend"
done
