#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A thousand pods with names come and go, forty at a time with the same forty addresses: each has a pair of its own with
# its name and all of its frames, and there is no wrong one. Another brpath may keep only a hundred pairs: its memory does
# not grow with the pods. Oracle: what the scene itself made: which pod had which address and port, and how many
# datagrams it sent.
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
readonly CART=10.244.1.12
readonly ROUNDS=25 PODS=40 NAMELESS=0 EACH=(3 5 7 11 13 17 19)
readonly PAIRS_MAX=100
readonly GROWTH_KB=768 # of resident memory, from the third round to the last; ports that are gone are kept
readonly PAIR_KB=8     # what a pair may take
declare -A BEFORE=() AFTER=()

also_at_exit() { churn_down; }

# observe_bounded BACKEND: one more, with few pairs.
observe_bounded() {
	FORMAT=ndjson launch "$SCENE_DIR/ready-bounded" "$SCENE_DIR/summary-bounded.json" "$SCENE_DIR/stderr-bounded" \
		--backend "$1" --interval 200ms --names-root "$ROOT" --max-pairs "$PAIRS_MAX"
	OBSERVERS[bounded]=$!
	await_ready "$SCENE_DIR/ready-bounded" "${OBSERVERS[bounded]}" || fail "brpath with few pairs was not ready"
}

# check_growth WHO BOUND-IN-KB
check_growth() {
	echo "$1: resident memory after round 3 and after round $ROUNDS, in KB: ${BEFORE[$1]} ${AFTER[$1]}"
	at_most "$1: memory grew, in KB" "$2" $((AFTER[$1] - BEFORE[$1]))
}

mkdir -p "$RESULTS"
lab_up --setting 0
pod_is_silent cart 7001
mac=$(mac_of cart)
backends=$(usable_backends)
FORMAT=ndjson observe_all_start "$backends" --interval 200ms --names-root "$ROOT"
observe_bounded "${backends%% *}"
open_streams "$backends bounded"
for ((round = 1; round <= ROUNDS; round++)); do
	result cart shop veth-cart $CART # churn takes all of them away
	churn "$round" "$mac"
	if [ "$round" -eq 3 ] || [ "$round" -eq "$ROUNDS" ]; then
		await_fresh "$backends bounded"
		for who in "${!OBSERVERS[@]}"; do
			AFTER[$who]=$(resident_kb "${OBSERVERS[$who]}")
			BEFORE[$who]=${BEFORE[$who]:-${AFTER[$who]}}
		done
	fi
done
check_growth bounded "$GROWTH_KB"
for backend in $backends; do
	check_growth "$backend" $(((ROUNDS - 3) * PODS * PAIR_KB))
done
observe_all_stop
look_at bounded
check_every_summary "few pairs"
keep_last
same "pairs kept, forgotten" "true true" "$(summary "\"\(.pairs | length <= $PAIRS_MAX) \(.losses.forgotten_pairs > 0)\"")"
for backend in $backends; do
	look_at "$backend"
	check_every_summary "$backend"
	keep_last
	check_sums
	check_lossless
	check_churn "$backend"
	same "$backend: the server's names" shop/cart \
		"$(summary '[.pairs[] | select(.server.ip == "'"$CART"'") | .server.name] | unique | join(" ")')"
done
