#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# SYNs from random addresses, over a table of 1,024 flows and a list of 32 pairs: every frame is counted at every
# summary, what has no pair is said, memory has a bound, and who talked before is not driven out. Oracle: the ports'
# own counters.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/lib/streams.sh
. "$(dirname "$0")/lib/streams.sh"
# shellcheck source=tests/live/lib/overload.sh
. "$(dirname "$0")/lib/overload.sh"

readonly FRONTEND=10.244.1.11 CART=10.244.1.12
readonly SYNS=5003 ROUNDS=3 BEFORE=13 AFTER=11
readonly MAX_PAIRS=32
CPUS=$(getconf _NPROCESSORS_CONF) # of each, the last frame may make one more pair
readonly GROWTH_KB=4096 # of resident memory, from the first flood to the last

# All on one CPU: another one's last frame would be counted when the flood has filled the table.
talk() {
	in_pod frontend taskset -c 0 "$TRAFFIC" udp --from "$FRONTEND" --source-port 40000 --to "$CART" --port 7001 \
		--count "$1"
}

check() {
	local backend=$1 frames pairs watched unattributed forgotten table_full

	look_at "$backend"
	check_every_summary "$backend" "(.pairs | length) <= $MAX_PAIRS + $CPUS"
	keep_last
	check_sums
	read -r frames pairs watched unattributed forgotten table_full < <(summary '[
		([.frames.entered, .frames.bridged, .frames.in_flight] | map(tostring) | join("/")), (.pairs | length),
		([.pairs[] | select(.protocol == "udp").to_server.frames | tostring] | join("/")),
		(.losses | .unattributed_frames, .forgotten_pairs, .flow_table_full)] | join(" ")')
	same "$backend: entered is what the ports received; bridged; in flight" \
		"$((TALKED + FLOODED))/$((TALKED + FLOODED))/0" "$frames"
	at_most "$backend: pairs" $((MAX_PAIRS + CPUS)) "$pairs"
	same "$backend: who talked before is still there" $((BEFORE + AFTER)) "$watched"
	same "$backend: a flood's pair has one frame" "$FLOODED" $((unattributed + pairs - 1))
	at_least "$backend: pairs that were forgotten" 1 "$forgotten"
	# How many find no room in the table depends on how fast they come: overload_stopped has that for sure.
	same "$backend: what is unattributed" "$unattributed" $((forgotten + table_full))
	at_most "$backend: memory grew, in KB" "$GROWTH_KB" $((GROWN[$backend]))
}

lab_up --setting 0
flood_up
backends=$(usable_backends)
declare -A GROWN=()
read_ports
FORMAT=ndjson observe_all_start "$backends" --interval 100ms --max-flows 1024 --max-pairs "$MAX_PAIRS"
open_streams "$backends"
talk "$BEFORE"
await_fresh "$backends"
for ((round = 1; round <= ROUNDS; round++)); do
	flood "$SYNS" "$round"
	await_fresh "$backends"
	for backend in $backends; do
		[ "$round" -ne 1 ] || GROWN[$backend]=-$(resident_kb "${OBSERVERS[$backend]}")
		[ "$round" -ne "$ROUNDS" ] || GROWN[$backend]+=+$(resident_kb "${OBSERVERS[$backend]}")
	done
done
talk "$AFTER"
observe_all_stop
read_ports
same "the port of who talks received" $((BEFORE + AFTER)) "$TALKED"
at_least "the port of the flood received" "$SYNS" "$FLOODED"
for backend in $backends; do
	check "$backend"
done
