#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A thousand pods come and go while brpath observes, a hundred at a time, with the same hundred addresses: every frame
# is in a pair of its address, none under another pod's name, and brpath holds no more memory and descriptors than
# before. Oracle: the ports' own counters, read before they go, and the number of datagrams sent.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/lib/streams.sh
. "$(dirname "$0")/lib/streams.sh"
# shellcheck source=tests/live/lib/overload.sh
. "$(dirname "$0")/lib/overload.sh"

readonly CART=10.244.1.12
readonly ROUNDS=10 PODS=100 EACH=7 # datagrams from each pod
readonly GROWTH_KB=2048 # of resident memory, from the second round to the last
readonly GROUP=7 # devices of one group can be removed at once
namespace=

also_at_exit() { [ -z "$namespace" ] || ip netns del "$namespace" 2>/dev/null || true; }

# make_pods ROUND: their far ends are in one namespace.
make_pods() {
	local pod

	namespace=$PREFIX-round$1
	ip netns add "$namespace"
	nsenter --net="/run/netns/$namespace" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
		net.ipv6.conf.default.disable_ipv6=1
	for ((pod = 0; pod < PODS; pod++)); do
		printf 'link add pod%d group %d type veth peer name pod%d netns %s\n' "$pod" "$GROUP" "$pod" "$namespace"
		printf 'link set pod%d master cni0 up\n' "$pod"
	done | in_node ip -batch -
	for ((pod = 0; pod < PODS; pod++)); do
		printf 'addr add 10.245.0.%d/32 dev pod%d\nlink set pod%d up\n' $((pod + 1)) "$pod" "$pod"
	done | nsenter --net="/run/netns/$namespace" ip -batch -
}

# On one CPU: another one's last frame would be counted later than the next pods' (docs/limitations.md).
send_from_pods() {
	nsenter --net="/run/netns/$namespace" taskset -c 0 "$TRAFFIC" crowd --device pod --devices "$PODS" \
		--source 10.245.0.1 --source-port 40000 --to "$CART_MAC" --destination "$CART" --port 7001 --count "$EACH"
}

remove_pods() {
	in_node ip link del group "$GROUP"
	ip netns del "$namespace"
	namespace=
}

measure() {
	local backend

	for backend in $backends; do
		OPEN[$backend]+=$(descriptors "${OBSERVERS[$backend]}")
		GROWN[$backend]+=$(resident_kb "${OBSERVERS[$backend]}")
	done
}

separate() {
	local backend

	for backend in $backends; do
		OPEN[$backend]+=' ' GROWN[$backend]+=' '
	done
}

check() {
	local backend=$1

	look_at "$backend"
	check_every_summary "$backend"
	keep_last
	check_sums
	check_lossless
	same "$backend: entered is what the ports received" "$RX" "$(summary .frames.entered)"
	same "$backend: addresses, frames of each, wrong names" "$PODS $((ROUNDS * EACH)) 0" "$(summary '
		[.pairs[] | select(.client.ip // "" | startswith("10.245."))] | "\(group_by(.client.ip) | length) \(
		group_by(.client.ip) | map(map(.to_server.frames) | add) | unique | join("/")) \(
		map(select(.client.name != null and (.to_server.frames > '"$EACH"' or (.client.name
		| startswith("'"$PREFIX"'-round") | not)))) | length)"')"
	at_most "$backend: descriptors" $((${OPEN[$backend]% *} + 3)) "${OPEN[$backend]#* }" # some may be for a moment
	at_most "$backend: memory grew, in KB" "$GROWTH_KB" $((${GROWN[$backend]#* } - ${GROWN[$backend]% *}))
}

lab_up --setting 0
pod_is_silent cart 7001
CART_MAC=$(mac_of cart)
backends=$(usable_backends)
declare -A OPEN=() GROWN=()
RX=0
FORMAT=ndjson observe_all_start "$backends" --interval 1s
open_streams "$backends"
for ((round = 1; round <= ROUNDS; round++)); do
	make_pods "$round"
	send_from_pods
	RX=$((RX + $(received_packets pod)))
	case $round in
	2) await_fresh "$backends" && measure && separate ;;
	"$ROUNDS") await_fresh "$backends" && measure ;;
	esac
	remove_pods
done
observe_all_stop
same "the ports received" $((ROUNDS * PODS * EACH)) "$RX"
for backend in $backends; do
	check "$backend"
done
