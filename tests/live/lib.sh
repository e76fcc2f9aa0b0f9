# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What every scene uses. A scene is a script that sources this, builds its place, sends exact traffic and checks
# what brpath made of it. It ends with status 0, 1, or 77: skipped, with the missing feature printed.
#
# From the environment: BRPATH, TRAFFIC (programs), LAB (scripts/lab), BRPATH_REQUIRE_BACKENDS (backends that must
# work here: a scene fails instead of skipping them), BRPATH_BACKENDS_FILE (keeps which ones work, and why the others
# do not, so that several scenes find out once), BRPATH_OWN_MACHINE (set in a guest of the VM ring: kernel modules may
# be loaded and unloaded).
set -euo pipefail

: "${BRPATH:?path of the brpath program}" "${TRAFFIC:?path of the traffic program}" "${LAB:?path of scripts/lab}"

readonly ALL_BACKENDS="fentry kprobe tracepoint"
SCENE_NAME=$(basename "$0" .sh)
# Unique per run, so that scenes can run side by side; short, because interface names are.
readonly PREFIX="s$$"
readonly NODE="$PREFIX-node"
SCENE_DIR=$(mktemp -d)
BACKENDS_FILE=${BRPATH_BACKENDS_FILE:-$SCENE_DIR/backends}
OBSERVE_PID=
declare -A OBSERVERS=() # backend: process
# What summary() reads.
SUMMARY=$SCENE_DIR/summary.json
checks=0
# Nothing is ever written there: a read with a time limit waits without a process.
mkfifo "$SCENE_DIR/silence"
exec {SILENCE}<>"$SCENE_DIR/silence"

# A scene that makes more than a lab says here how it goes away again.
also_at_exit() { :; }

cleanup() {
	local status=$?

	trap - EXIT INT TERM
	# shellcheck disable=SC2086 # none, if empty
	kill -KILL $OBSERVE_PID "${OBSERVERS[@]}" 2>/dev/null || true
	also_at_exit
	"$LAB" down --name "$PREFIX" >"$SCENE_DIR/down.log" 2>&1 || {
		cat "$SCENE_DIR/down.log" >&2
		status=1
	}
	rm -rf "$SCENE_DIR"
	[ "$status" -ne 0 ] || printf '%s: %d checks passed\n' "$SCENE_NAME" "$checks"
	exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# fail WORDS: ends the scene, with what brpath last said.
fail() {
	printf '%s: FAILED: %s\n' "$SCENE_NAME" "$*" >&2
	for file in "$SUMMARY" "$SCENE_DIR"/stderr*; do
		[ ! -s "$file" ] || {
			printf -- '--- %s\n' "$(basename "$file")" >&2
			tail -c 6000 "$file" >&2
		}
	done
	exit 1
}

skip() {
	printf '%s: SKIPPED: %s\n' "$SCENE_NAME" "$*"
	trap - EXIT
	"$LAB" down --name "$PREFIX" >/dev/null 2>&1 || true
	rm -rf "$SCENE_DIR"
	exit 77
}

# same WHAT EXPECTED SEEN
same() {
	checks=$((checks + 1))
	[ "$2" = "$3" ] || fail "$1: expected $2, saw $3"
}

# at_least WHAT BOUND SEEN
at_least() {
	checks=$((checks + 1))
	[ "$3" -ge "$2" ] || fail "$1: expected at least $2, saw $3"
}

# contains WHAT PATTERN FILE
contains() {
	checks=$((checks + 1))
	grep -qE -- "$2" "$3" || fail "$1: expected /$2/ in: $(cat "$3")"
}

in_pod() {
	local pod=$1
	shift
	nsenter --net="/run/netns/$PREFIX-$pod" "$@"
}

in_node() { nsenter --net="/run/netns/$NODE" "$@"; }

mac_of() { in_pod "$1" ip -j link show eth0 | jq -r '.[0].address'; }

# lab_up [options of lab up]: without neighbour discovery and without servers, so that every frame is the scene's.
lab_up() {
	"$LAB" up --name "$PREFIX" --static --no-servers "$@" >"$SCENE_DIR/lab.log" 2>&1 || {
		cat "$SCENE_DIR/lab.log" >&2
		fail "scripts/lab up"
	}
}

# pod_is_silent POD PORT: it does not answer datagrams to a port that nobody listens on.
pod_is_silent() {
	in_pod "$1" nft -f - <<-END
		table inet quiet {
			chain input {
				type filter hook input priority 0;
				udp dport $2 drop
			}
		}
	END
}

pause() { read -rt 0.05 -u "$SILENCE" || true; }

# wait_for SECONDS COMMAND...: looks until the command succeeds.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		pause
	done
}

# Which backends work here, into BACKENDS_FILE: those in the first line; then the others, each with what brpath said.
# All are tried at the same time, because attaching is what takes long.
try_backends() {
	local backend usable=() trials=()

	for backend in $ALL_BACKENDS; do
		"$BRPATH" observe --netns "$NODE" --backend "$backend" --duration 100ms --format json \
			--output /dev/null 2>"$SCENE_DIR/backend-$backend.log" &
		trials+=($!)
	done
	for backend in $ALL_BACKENDS; do
		if wait "${trials[0]}"; then
			usable+=("$backend")
			rm "$SCENE_DIR/backend-$backend.log"
		fi
		trials=("${trials[@]:1}")
	done
	echo "${usable[*]}" >"$BACKENDS_FILE"
	for backend in $ALL_BACKENDS; do
		[ ! -e "$SCENE_DIR/backend-$backend.log" ] ||
			printf '%s %s\n' "$backend" "$(head -n 1 "$SCENE_DIR/backend-$backend.log")" >>"$BACKENDS_FILE"
	done
}

# why_not BACKEND: what brpath said; nothing if it works.
why_not() { sed -n "2,\$s/^$1 brpath: //p" "$BACKENDS_FILE"; }

# The backends that work here. One that is required and does not work fails the scene.
usable_backends() {
	local backend reason usable

	if [ ! -s "$BACKENDS_FILE" ]; then
		try_backends
		tail -n +2 "$BACKENDS_FILE" | while read -r backend reason; do
			printf '%s: without backend %s: %s\n' "$SCENE_NAME" "$backend" "$reason" >&2
		done
	fi
	read -r usable <"$BACKENDS_FILE"
	for backend in ${BRPATH_REQUIRE_BACKENDS:-}; do
		[[ " $usable " == *" $backend "* ]] || fail "the backend $backend is required here and does not work"
	done
	[ -n "$usable" ] || fail "no backend works here"
	echo "$usable"
}

# launch_watched [options]: a brpath that need not get as far as being ready; what it says is in $SCENE_DIR/stderr. What
# the last one said is removed first: whoever waits for a line must not find that one's.
launch_watched() {
	rm -f "$SCENE_DIR/stderr"
	"$BRPATH" observe --format json --output "$SUMMARY" "$@" 2>"$SCENE_DIR/stderr" &
	OBSERVE_PID=$!
}

# launch READY-FILE SUMMARY STDERR [options]: a brpath in the background, $!. FORMAT is json unless it is set.
launch() {
	local ready=$1 output=$2 errors=$3
	shift 3
	rm -f "$ready"
	[ -p "$output" ] || rm -f "$output"
	"$BRPATH" observe --netns "$NODE" --format "${FORMAT:-json}" --output "$output" --ready-fd 9 "$@" 9>"$ready" \
		2>"$errors" &
}

# await_ready READY-FILE PID: true when everything is attached; false when it ended, or took too long.
await_ready() {
	local end=$((SECONDS + 120))

	until [ -s "$1" ]; do
		if [ "$SECONDS" -ge "$end" ] || ! kill -0 "$2" 2>/dev/null; then
			return 1
		fi
		pause
	done
}

# await_end PID: after Ctrl-C or its duration. The summary has to be there.
await_end() {
	local status=0
	wait "$1" || status=$?
	[ "$status" -eq 0 ] || fail "brpath ended with status $status"
	jq empty "$SUMMARY" || fail "the summary is no JSON"
}

# observe_start [options]: returns when everything is attached. The summary goes to OUTPUT if that is set.
observe_start() {
	SUMMARY=$SCENE_DIR/summary.json
	launch "$SCENE_DIR/ready" "${OUTPUT:-$SUMMARY}" "$SCENE_DIR/stderr" "$@"
	OBSERVE_PID=$!
	await_ready "$SCENE_DIR/ready" "$OBSERVE_PID" || fail "brpath observe $* was not ready"
}

# observe_stop: Ctrl-C, and the summary is there.
observe_stop() {
	kill -INT "$OBSERVE_PID"
	await_end "$OBSERVE_PID"
	OBSERVE_PID=
}

# launch_all BACKENDS [options]: one brpath for each backend, at the same time.
launch_all() {
	local backend backends=$1
	shift
	for backend in $backends; do
		launch "$SCENE_DIR/ready-$backend" "$SCENE_DIR/summary-$backend.json" "$SCENE_DIR/stderr-$backend" \
			--backend "$backend" "$@"
		OBSERVERS[$backend]=$!
	done
}

# observe_all_start BACKENDS [options]: the same, on the same traffic: returns when all are attached.
observe_all_start() {
	local backend
	launch_all "$@"
	for backend in $1; do
		await_ready "$SCENE_DIR/ready-$backend" "${OBSERVERS[$backend]}" ||
			fail "brpath observe --backend $backend ${*:2} was not ready"
	done
}

# observe_all_stop: Ctrl-C for all of them. look_at says whose summary is read from then on.
observe_all_stop() {
	local backend
	kill -INT "${OBSERVERS[@]}"
	for backend in "${!OBSERVERS[@]}"; do
		look_at "$backend"
		await_end "${OBSERVERS[$backend]}"
	done
	OBSERVERS=()
}

# look_at BACKEND: summary() and all that uses it read the summary of this one.
look_at() { SUMMARY=$SCENE_DIR/summary-$1.json; }

# summary JQ-EXPRESSION
summary() { jq -r "$1" "$SUMMARY"; }

# The identities of every summary: where frames went, and that pairs and totals agree.
check_sums() {
	local entered ends counted paired handlings paths reasons

	# One look, because jq is what a scene spends its time on.
	# shellcheck disable=SC2016 # jq's variable
	read -r entered ends counted paired handlings paths reasons < <(summary '[.pairs[] | .to_server, .to_client] as $ways
		| [.frames.entered, (.frames | .bridged + .routed + .up + .flooded + .dropped + .in_flight),
		(.frames | .entered - .in_flight + .egress), ([$ways[].frames] | add // 0) + .losses.unattributed_frames,
		([$ways[] | select(.frames != .tracked + .untracked + .hooked + .bypassed + .unknown + .none)] | length),
		([$ways[] | select(.frames != ([.paths[]] | add // 0))] | length),
		([$ways[] | select(.bypassed != ([.bypass_reasons // {} | .[]] | add // 0))] | length)] | join(" ")')
	same "entered = where the frames went" "$entered" "$ends"
	same "pairs + unattributed = total" "$counted" "$paired"
	same "handlings of each direction add up" 0 "$handlings"
	same "paths of each direction add up" 0 "$paths"
	same "reasons of each direction add up" 0 "$reasons"
}

# check_lossless: nothing was lost, nothing is open.
check_lossless() {
	same "losses, frames in flight" "0 0 0 0" "$(summary '[.losses.flow_table_full, .losses.unattributed_frames,
		.losses.missed_probes // 0, .frames.in_flight] | join(" ")')"
}

# port_packets rx|tx: the kernel's own counters, summed over the node's ports.
port_packets() {
	in_node ip -j -s link show master cni0 | jq "[.[].stats64.$1.packets] | add"
}

# pair_lines: a line for each pair of untagged frames: client server protocol service counts. A jq of its own for each
# question would take half a second in an emulated guest.
pair_lines() {
	local cache=$SUMMARY.pairs
	[ "$cache" -nt "$SUMMARY" ] || jq -r '.pairs[] | select(.vlan == null)
		| "\(.client.ip) \(.server.ip) \(.protocol) \(.service.ip // "-") " + ([.to_server, .to_client]
		| map([(.frames | tostring), ([.paths | to_entries[] | "\(.key)=\(.value)"] | join(",")),
		([to_entries[] | select((.key | IN("tracked", "untracked", "hooked", "bypassed", "unknown", "none"))
		and .value > 0) | "\(.key)=\(.value)"] | join(","))] | join("/")) | join(" "))' "$SUMMARY" >"$cache"
	cat "$cache"
}

# pair_counts CLIENT-IP SERVER-IP PROTOCOL [SERVICE-IP]: "to_server frames/path/handling to_client ..." of that
# pair's untagged frames.
pair_counts() {
	local client server protocol service counts
	pair_lines | while read -r client server protocol service counts; do
		[ "$client $server $protocol $service" != "$1 $2 $3 ${4:--}" ] || printf '%s\n' "$counts"
	done
}
