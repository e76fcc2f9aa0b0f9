#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Names of pods from libcni's result cache: in every pair; of an address that moves, from that moment and not before; of
# a pod that is gone; and with three hundred pods that come and go with the same addresses never a wrong one. Oracle:
# what the scene itself made: which pod had which address when, and how many datagrams it sent.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/lib/streams.sh
. "$(dirname "$0")/lib/streams.sh"
# shellcheck source=tests/live/lib/overload.sh
. "$(dirname "$0")/lib/overload.sh"
# shellcheck source=tests/live/lib/churn.sh
. "$(dirname "$0")/lib/churn.sh"

readonly ROOT=$SCENE_DIR/root
readonly RESULTS=$ROOT/var/lib/cni/results
readonly MOVING=10.244.1.99 CART=10.244.1.12
readonly ROUNDS=10 NAMELESS=10 PODS=30 EACH=(3)
declare -A MAC=()

also_at_exit() { churn_down; }

# ask POD COUNT FROM: datagrams to cart, from an address that is POD's now
ask() {
	in_pod "$1" taskset -c 0 "$TRAFFIC" frame --device eth0 --from "${MAC[$1]}" --to "${MAC[cart]}" --protocol 17 \
		--source "$3" --source-port 40000 --destination "$CART" --port 7001 --count "$2"
}

# expect_rows WHAT IP-PREFIX EXPECTED: the pairs of those clients, in every backend's newest summary.
expect_rows() {
	local backend

	await_fresh "$backends"
	for backend in $backends; do
		same "$backend: $1" "$3" "$(jq -r "[.pairs[] | select(.client.ip // \"\" | startswith(\"$2\"))
			| \"\(.client.name) \(.client.port_device) \(.server.name) \(.to_server.frames)\"] | sort
			| join(\", \")" <<<"${LAST[$backend]}")"
	done
}

mkdir -p "$RESULTS"
lab_up --setting 0
for pod in frontend loadgen cart; do
	pod_is_silent "$pod" 7001
	MAC[$pod]=$(mac_of "$pod")
done
result frontend shop veth-frontend 10.244.1.11
result cart shop veth-cart "$CART"
result loadgen load veth-loadgen 10.244.1.14
backends=$(usable_backends)
FORMAT=ndjson observe_all_start "$backends" --interval 100ms --names-root "$ROOT"
open_streams "$backends"

ask frontend 23 10.244.1.11
expect_rows "a pod and its namespace" 10.244.1.11 "shop/frontend veth-frontend shop/cart 23"

ask frontend 101 $MOVING
expect_rows "an address of its own" $MOVING "shop/frontend veth-frontend shop/cart 101"
ask loadgen 31 $MOVING
expect_rows "the address has moved" $MOVING \
	"load/loadgen veth-loadgen shop/cart 31, shop/frontend veth-frontend shop/cart 101"
ask frontend 7 $MOVING
expect_rows "and back" $MOVING \
	"load/loadgen veth-loadgen shop/cart 31, shop/frontend veth-frontend shop/cart 108"

rm -f "$RESULTS"/*
in_node ip link del veth-frontend
expect_rows "the pod is gone" 10.244.1.11 "shop/frontend veth-frontend shop/cart 23"

for ((round = 1; round <= ROUNDS; round++)); do
	churn "$round" "${MAC[cart]}"
done
observe_all_stop
for backend in $backends; do
	look_at "$backend"
	check_every_summary "$backend" '(.names.sources | map(select(.id == "cni" and .state == "up")) | length) == 1'
	keep_last
	check_sums
	check_lossless
	check_churn "$backend"
done
