# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# For scenes that ask for more than brpath can keep. Sourced after lib.sh.
# shellcheck disable=SC2154,SC2034 # SUMMARY and checks are lib.sh's, TALKED and FLOODED are for the scene

# check_every_summary WHAT [JQ-CONDITION]: every summary of an NDJSON file keeps its identities, and the condition.
check_every_summary() {
	local broken

	broken=$(jq -c "select((.frames.in_flight < 0 or .frames.in_flight > 64
		or .frames.entered != (.frames | .bridged + .routed + .up + .flooded + .dropped + .in_flight)
		or (.frames | .entered - .in_flight + .egress) !=
		(([.pairs[] | .to_server.frames + .to_client.frames] | add // 0) + .losses.unattributed_frames)
		or ([.pairs[] | .to_server, .to_client | .frames, .bytes | select(. < 0)] != [])
		or (${2:-true} | not))) | {node, frames, losses}" "$SUMMARY")
	[ -z "$broken" ] || fail "$1: summaries that are not as they must be: $broken"
	checks=$((checks + 1))
}

# keep_last: summary() and all that uses it read the last summary of an NDJSON file.
keep_last() {
	tail -n 1 "$SUMMARY" >"$SUMMARY.last"
	SUMMARY=$SUMMARY.last
}

# received_packets PREFIX: what the ports of such names have received, from the kernel, in one process.
received_packets() {
	local device packets sum=0

	while read -r device _ packets _; do
		[[ $device != "$1"* ]] || sum=$((sum + packets))
	done < <(in_node cat /proc/net/dev | tr ':' ' ')
	echo "$sum"
}

# flood COUNT SEED: SYNs to cart from that many addresses, by the pod loadgen. On one CPU.
flood() {
	in_pod loadgen taskset -c 0 "$TRAFFIC" flood --device eth0 --from "$LOADGEN_MAC" --to "$CART_MAC" \
		--destination 10.244.1.12 --port 8080 --count "$1" --seed "$2"
}

# flood_up: what flood needs. Cart answers none of them.
flood_up() {
	pod_is_silent cart 7001
	in_pod cart nft add rule inet quiet input ip saddr 11.0.0.0/8 drop
	LOADGEN_MAC=$(mac_of loadgen)
	CART_MAC=$(mac_of cart)
}

# read_ports: TALKED and FLOODED, what the ports of frontend and loadgen have received since the call before. Less than
# was sent where this CPU had no room for so many at once: what counts is what came.
read_ports() {
	local talked flooded

	talked=$(received_packets veth-frontend)
	flooded=$(received_packets veth-loadgen)
	TALKED=$((talked - TALKED_BEFORE)) TALKED_BEFORE=$talked
	FLOODED=$((flooded - FLOODED_BEFORE)) FLOODED_BEFORE=$flooded
}
TALKED_BEFORE=0 FLOODED_BEFORE=0

# resident_kb PID
resident_kb() {
	local key value

	while read -r key value _; do
		[ "$key" != VmRSS: ] || echo "$value"
	done <"/proc/$1/status"
}

# descriptors PID: how many it has open, the least of twenty looks, because it opens some for a moment.
descriptors() {
	local open least=1000000 look

	for ((look = 0; look < 20; look++)); do
		open=("/proc/$1/fd"/*)
		[ "${#open[@]}" -ge "$least" ] || least=${#open[@]}
		pause
	done
	echo "$least"
}

# at_most WHAT BOUND SEEN
at_most() {
	checks=$((checks + 1))
	[ "$3" -le "$2" ] || fail "$1: expected at most $2, saw $3"
}

# own_machine WHAT: ends the scene where the machine is not the test's own.
own_machine() { [ -n "${BRPATH_OWN_MACHINE:-}" ] || skip "no machine of the test's own, whose $1 it may change"; }
