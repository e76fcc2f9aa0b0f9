#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# User space does not run for ten seconds while frames go on: afterwards every frame is there, in its pair as far as
# the table had room, and the rest is said. Oracle: the ports' own counters.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/lib/streams.sh
. "$(dirname "$0")/lib/streams.sh"
# shellcheck source=tests/live/lib/overload.sh
. "$(dirname "$0")/lib/overload.sh"

readonly FRONTEND=10.244.1.11 CART=10.244.1.12
readonly PORTS=251 EACH=61 # source ports, datagrams from each: primes
readonly SYNS=10007        # more flows than there is room for
readonly STOPPED_S=10
CPUS=$(nproc)
CPUS=$((CPUS < 2 ? CPUS : 2))

# On two CPUs in turn, so that each has a place for every flow, and for its last frame.
talk() {
	in_pod frontend taskset -c $((rounds++ % CPUS)) "$TRAFFIC" udp --from "$FRONTEND" \
		--source-port 20000 --ports "$PORTS" --count "$EACH" --to "$CART" --port 7001
}

is_stopped() { grep -q '^State:.*stopped' "/proc/$1/status"; }

stop_all() {
	local backend

	kill -STOP "${OBSERVERS[@]}"
	for backend in $backends; do
		wait_for 20 is_stopped "${OBSERVERS[$backend]}" || fail "$backend: cannot be stopped"
	done
}

check() {
	local backend=$1 frames talked flooded unattributed ring_full

	look_at "$backend"
	check_every_summary "$backend"
	keep_last
	check_sums
	read -r frames talked flooded unattributed ring_full < <(summary '[
		([.frames.entered, .frames.bridged, .frames.in_flight] | map(tostring) | join("/")),
		([.pairs[] | select(.protocol == "udp").to_server.frames] | add),
		([.pairs[] | select(.protocol == "tcp").to_server.frames] | add),
		.losses.unattributed_frames, .losses.ring_full] | join(" ")')
	same "$backend: entered is what the ports received; bridged; in flight" \
		"$((TALKED + FLOODED))/$((TALKED + FLOODED))/0" "$frames"
	same "$backend: datagrams of who had a place" "$TALKED" "$talked"
	same "$backend: SYNs with a pair, and without" "$FLOODED" $((flooded + unattributed))
	at_least "$backend: SYNs without a pair" $((FLOODED / 2)) "$unattributed"
	at_least "$backend: the ring was full" 1 "$ring_full"
}

lab_up --setting 0
flood_up
backends=$(usable_backends)
read_ports
FORMAT=ndjson observe_all_start "$backends" --interval 500ms --max-flows 4096 --max-pairs 32 --ring-bytes 65536
open_streams "$backends"
rounds=0
talk
await_fresh "$backends"
stop_all
end=$((SECONDS + STOPPED_S + 1)) # SECONDS counts whole ones
while [ "$SECONDS" -lt "$end" ]; do
	talk
done
flood "$SYNS" 1
kill -CONT "${OBSERVERS[@]}"
await_fresh "$backends"
talk
observe_all_stop
read_ports
at_least "the ports received" $((rounds * PORTS * EACH / 4 + SYNS / 2)) $((TALKED + FLOODED))
for backend in $backends; do
	check "$backend"
done
