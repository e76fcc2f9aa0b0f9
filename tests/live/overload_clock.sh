#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The wall clock is set while brpath observes: durations, intervals, counts and the time it started do not change. Only
# on a machine of the test's own. Oracle: /proc/uptime, which no one sets, and the number of datagrams sent.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/lib/streams.sh
. "$(dirname "$0")/lib/streams.sh"
# shellcheck source=tests/live/lib/overload.sh
. "$(dirname "$0")/lib/overload.sh"

readonly FRONTEND=10.244.1.11 CART=10.244.1.12
readonly FAR=604800 # seconds, a week

talk() {
	in_pod frontend "$TRAFFIC" udp --from "$FRONTEND" --source-port 40000 --to "$CART" --port 7001 --count "$1"
}

# step SECONDS: forwards, or back if below zero.
step() { date -s "@$(($(printf '%(%s)T' -1) + $1))" >/dev/null; }

# uptime_ms: since the machine started.
uptime_ms() {
	local up
	read -r up _ </proc/uptime
	echo "${up%.*}${up#*.}0"
}

own_machine clock
lab_up --setting 0
pod_is_silent cart 7001
backends=$(usable_backends)
rx=$(received_packets veth-)
before=$(uptime_ms)
FORMAT=ndjson observe_all_start "$backends" --interval 500ms
open_streams "$backends"
talk 101
await_fresh "$backends"
step $FAR
talk 53
await_fresh "$backends"
step $((-2 * FAR))
talk 29
await_fresh "$backends"
step $FAR
talk 31
observe_all_stop
after=$(uptime_ms)
rx=$(($(received_packets veth-) - rx))
same "the ports received" 214 "$rx"
for backend in $backends; do
	look_at "$backend"
	# It never lasts longer than the machine ran meanwhile, and goes on in steps of an interval or more, but the last.
	check_every_summary "$backend" ".node.duration_s >= 0 and .node.duration_s * 1000 <= $((after - before))"
	same "$backend: times of start, intervals that are too short" "1 0" "$(jq -rs '"\([.[].node.started] | unique
		| length) \([.[:-1] as $all | range(1; $all | length) | $all[.].node.duration_s - $all[. - 1].node.duration_s
		| select(. <= 0)] | length)"' "$SUMMARY")"
	keep_last
	check_sums
	check_lossless
	same "$backend: entered" "$rx" "$(summary .frames.entered)"
done
