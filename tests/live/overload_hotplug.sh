#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A CPU goes and comes back while frames pass on it: each is counted once, those too that were the CPU's last. Only on
# a machine of the test's own. Oracle: the ports' own counters.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/lib/streams.sh
. "$(dirname "$0")/lib/streams.sh"
# shellcheck source=tests/live/lib/overload.sh
. "$(dirname "$0")/lib/overload.sh"

readonly FRONTEND=10.244.1.11 CART=10.244.1.12
readonly ONLINE=/sys/devices/system/cpu/cpu1/online
readonly PORTS=101 EACH=101 LAST_ONES=13

also_at_exit() { [ ! -e "$ONLINE" ] || [ "$(cat "$ONLINE")" = 1 ] || echo 1 >"$ONLINE"; }

# talk CPU SOURCE-PORT PORTS COUNT
talk() {
	in_pod frontend taskset -c "$1" "$TRAFFIC" udp --from "$FRONTEND" --source-port "$2" --ports "$3" --count "$4" \
		--to "$CART" --port 7001
}

own_machine CPUs
[ -w "$ONLINE" ] || skip "no CPU can be taken away: there is no $ONLINE"
lab_up --setting 0
pod_is_silent cart 7001
backends=$(usable_backends)
rx=$(received_packets veth-)
FORMAT=ndjson observe_all_start "$backends" --interval 500ms
open_streams "$backends"
turns=0 sent=0
while [ "$turns" -lt 3 ]; do
	talk 1 30000 1 "$LAST_ONES" # the last of them waits on this CPU to be counted
	talk 0,1 20000 "$PORTS" "$EACH" &
	sender=$!
	echo 0 >"$ONLINE"
	kill -0 "$sender" 2>/dev/null && turns=$((turns + 1)) # it went while frames passed
	talk 0 30000 1 "$LAST_ONES"
	await_fresh "$backends"
	echo 1 >"$ONLINE"
	wait "$sender"
	sent=$((sent + PORTS * EACH + 2 * LAST_ONES))
	[ "$sent" -lt 1000000 ] || fail "the sender ended before the CPU went, each time"
done
talk 1 30000 1 "$LAST_ONES"
sent=$((sent + LAST_ONES))
observe_all_stop
rx=$(($(received_packets veth-) - rx))
at_most "the ports received" "$sent" "$rx" # less if a CPU had no room for so many at once
for backend in $backends; do
	look_at "$backend"
	check_every_summary "$backend"
	keep_last
	check_sums
	check_lossless
	same "$backend: entered, and in the pair" "$rx $rx" \
		"$(summary '"\(.frames.entered) \(.pairs[] | select(.protocol == "udp").to_server.frames)"')"
done
