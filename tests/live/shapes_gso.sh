#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A bulk transfer whose packets the kernel cuts late: one skb is one frame, and all its bytes count. Oracles: the ports'
# own counters of frames and bytes, curl's count.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/lib/cases.sh
. "$(dirname "$0")/lib/cases.sh"

readonly FRONTEND=10.244.1.11 CART=10.244.1.12 CLUSTER_IP=10.96.0.10
readonly BULK=3000017 # bytes
readonly MOST=1448    # bytes of TCP in a packet of the ports' MTU

# download HOST-AND-PORT
download() {
	local bytes
	bytes=$(in_pod frontend curl -s -o /dev/null -m 60 -w '%{size_download}' "http://$1/bulk") || fail "curl $1"
	same "bytes downloaded from $1" "$BULK" "$bytes"
}

last_seen=
nothing_new() {
	local now
	now=$(port_packets rx)
	[ "$now" = "$last_seen" ] || {
		last_seen=$now
		return 1
	}
}

# sum_of WHICH WORD...: the first (1) or second (2) word of each, added; a count may be followed by / and more.
sum_of() {
	local which=$1 sum=0 words value
	shift
	for words in "$@"; do
		value=${words%% *}
		[ "$which" -eq 1 ] || value=${words##* }
		sum=$((sum + ${value%%/*}))
	done
	echo "$sum"
}

# check_bulk HANDLING NAME...: the pairs with these names are all that there is, and the download of each was cut late.
check_bulk() {
	local handling=$1 name frames=() bytes=() to_client
	shift
	for name in "$@"; do
		frames+=("${PAIR["$name"]:-0 0}")
		bytes+=("${BYTES["$name"]:-0 0}")
		to_client=${PAIR["$name"]##* }
		expect "$name, path and handling" "/bridged=${to_client%%/*}/$handling=${to_client%%/*}" \
			"/${to_client#*/}"
		[ "${to_client%%/*}" -lt $((BULK / MOST)) ] || problems+=("$name: as many frames as packets, no GSO")
	done
	expect "frames of the client" "${COUNTER["rx veth-frontend"]}" "$(sum_of 1 "${frames[@]}")"
	expect "frames of the server" "${COUNTER["rx veth-cart"]}" "$(sum_of 2 "${frames[@]}")"
	expect "bytes of the client" "${COUNTER["rx_bytes veth-frontend"]}" "$(sum_of 1 "${bytes[@]}")"
	expect "bytes of the server" "${COUNTER["rx_bytes veth-cart"]}" "$(sum_of 2 "${bytes[@]}")"
	end_case "a bulk transfer in GSO frames"
}

"$LAB" up --name "$PREFIX" --static --setting 0 >"$SCENE_DIR/lab.log" 2>&1 || fail "$(cat "$SCENE_DIR/lab.log")"
head -c "$BULK" /dev/zero >"/run/brpath-lab/$PREFIX/www/bulk"
backends=$(usable_backends)
for setting in 0 1; do
	set_setting "$setting"
	observe_all_start "$backends"
	counters_start
	download "$CART:8080"
	[ "$setting" -eq 0 ] || download "$CLUSTER_IP:80"
	wait_for 20 nothing_new || fail "the connections do not end"
	counters_stop
	observe_all_stop
	for backend in $backends; do
		judge "$backend" "$setting"
		if [ "$setting" -eq 0 ]; then
			check_bulk bypassed "$FRONTEND $CART tcp"
		else
			check_bulk tracked "$FRONTEND $CART tcp" "$FRONTEND $CART tcp $CLUSTER_IP"
		fi
	done
done
end_scene
