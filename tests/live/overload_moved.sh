#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# An address moves from one pod to another while brpath observes: there is a pair for each of the two names, with the
# frames of those moments in which that pod had the address. Oracle: the number of datagrams sent, and the ports'
# counters.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/lib/streams.sh
. "$(dirname "$0")/lib/streams.sh"
# shellcheck source=tests/live/lib/overload.sh
. "$(dirname "$0")/lib/overload.sh"

readonly MOVING=10.244.1.99 CART=10.244.1.12
declare -A MAC=()

# All on one CPU: another one's last frame would be counted later than those of after a move (docs/limitations.md).

# ask POD COUNT: from the address, which is POD's now
ask() {
	in_pod "$1" taskset -c 0 "$TRAFFIC" frame --device eth0 --from "${MAC[$1]}" --to "${MAC[cart]}" --protocol 17 \
		--source "$MOVING" --source-port 40000 --destination "$CART" --port 7001 --count "$2"
}

# answer POD COUNT: to it
answer() {
	in_pod cart taskset -c 0 "$TRAFFIC" frame --device eth0 --from "${MAC[cart]}" --to "${MAC[$1]}" --protocol 17 \
		--source "$CART" --source-port 7001 --destination "$MOVING" --port 40000 --count "$2"
}

# move FROM TO
move() {
	[ -z "$1" ] || in_pod "$1" ip addr del "$MOVING/32" dev lo
	in_pod "$2" ip addr add "$MOVING/32" dev lo
}

# check_all ROW...: "POD TO-SERVER TO-CLIENT" of each pair of the address, each behind its pod's port.
check_all() {
	local backend row pod rest expected=

	for row in "$@"; do
		read -r pod rest <<<"$row"
		expected+="$PREFIX-$pod veth-$pod veth-cart $rest, "
	done
	await_fresh "$backends"
	for backend in $backends; do
		same "$backend: pairs, where they are, frames" "${expected%, }" "$(jq -r "[.pairs[]
			| select(.client.ip == \"$MOVING\" or .server.ip == \"$MOVING\") | [.client.name, .client.port_device,
			.server.port_device, (.to_server.frames, .to_client.frames | tostring)] | join(\" \")] | sort
			| join(\", \")" <<<"${LAST[$backend]}")"
	done
}

lab_up --setting 0
for pod in frontend loadgen cart; do
	pod_is_silent "$pod" 7001
	in_pod "$pod" nft add rule inet quiet input udp dport 40000 drop
	MAC[$pod]=$(mac_of "$pod")
done
backends=$(usable_backends)
rx=$(received_packets veth-)
FORMAT=ndjson observe_all_start "$backends" --interval 100ms
open_streams "$backends"
move '' frontend
ask frontend 101
answer frontend 53
check_all "frontend 101 53"
move frontend loadgen
ask loadgen 31
check_all "frontend 101 53" "loadgen 31 0"
answer loadgen 29
check_all "frontend 101 53" "loadgen 31 29"
move loadgen frontend # and back, where the answers come first
answer frontend 17
check_all "frontend 101 70" "loadgen 31 29"
observe_all_stop
rx=$(($(received_packets veth-) - rx))
same "the ports received" $((132 + 99)) "$rx"
for backend in $backends; do
	look_at "$backend"
	check_every_summary "$backend"
	keep_last
	check_sums
	check_lossless
	same "$backend: entered is what the ports received" "$rx" "$(summary .frames.entered)"
done
