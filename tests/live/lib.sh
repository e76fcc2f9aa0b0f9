# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What every scene uses. A scene is a script that sources this, builds its place, sends exact traffic and checks
# what brpath made of it. It ends with status 0, 1, or 77: skipped, with the missing feature printed.
#
# From the environment: BRPATH, TRAFFIC (programs), LAB (scripts/lab), BRPATH_REQUIRE_BACKENDS (backends that must
# work here: a scene fails instead of skipping them), BRPATH_BACKENDS_FILE (keeps which ones work, so that several
# scenes find out once).
set -euo pipefail

: "${BRPATH:?path of the brpath program}" "${TRAFFIC:?path of the traffic program}" "${LAB:?path of scripts/lab}"

readonly ALL_BACKENDS="fentry kprobe tracepoint"
SCENE_NAME=$(basename "$0" .sh)
# Unique per run, so that scenes can run side by side; short, because interface names are.
readonly PREFIX="s$$"
readonly NODE="$PREFIX-node"
SCENE_DIR=$(mktemp -d)
OBSERVE_PID=
declare -A OBSERVERS=() # backend: process
# What summary() reads.
SUMMARY=$SCENE_DIR/summary.json
checks=0

# A scene that makes more than a lab says here how it goes away again.
also_at_exit() { :; }

cleanup() {
	local status=$?

	trap - EXIT INT TERM
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
		table ip quiet {
			chain input {
				type filter hook input priority 0;
				udp dport $2 drop
			}
		}
	END
}

# wait_for SECONDS COMMAND...: looks until the command succeeds.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		read -rt 0.05 <> <(:) || true
	done
}

# The backends that work here. One that is required and does not work fails the scene.
usable_backends() {
	local backend usable=()

	if [ -s "${BRPATH_BACKENDS_FILE:-}" ]; then
		cat "$BRPATH_BACKENDS_FILE"
		return
	fi
	for backend in $ALL_BACKENDS; do
		if "$BRPATH" observe --netns "$NODE" --backend "$backend" --duration 100ms --format json \
			--output /dev/null 2>"$SCENE_DIR/backend.log"; then
			usable+=("$backend")
		elif [[ " ${BRPATH_REQUIRE_BACKENDS:-} " == *" $backend "* ]]; then
			cat "$SCENE_DIR/backend.log" >&2
			fail "the backend $backend is required here and does not work"
		else
			printf '%s: without backend %s: %s\n' "$SCENE_NAME" "$backend" \
				"$(head -n 1 "$SCENE_DIR/backend.log")" >&2
		fi
	done
	[ "${#usable[@]}" -gt 0 ] || fail "no backend works here"
	[ -z "${BRPATH_BACKENDS_FILE:-}" ] || echo "${usable[*]}" >"$BRPATH_BACKENDS_FILE"
	echo "${usable[*]}"
}

# launch READY-FIFO SUMMARY STDERR [options]: a brpath in the background, $!.
launch() {
	local ready=$1 output=$2 errors=$3
	shift 3
	rm -f "$ready" "$output"
	mkfifo "$ready"
	"$BRPATH" observe --netns "$NODE" --format json --output "$output" --ready-fd 9 "$@" 9>"$ready" 2>"$errors" &
}

# await_ready READY-FIFO: true when everything is attached.
await_ready() {
	local line=
	read -rt 120 line <"$1" || true
	rm -f "$1"
	[ "$line" = ready ]
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
	await_ready "$SCENE_DIR/ready" || fail "brpath observe $* was not ready"
}

# observe_stop: Ctrl-C, and the summary is there.
observe_stop() {
	kill -INT "$OBSERVE_PID"
	await_end "$OBSERVE_PID"
	OBSERVE_PID=
}

# observe_all_start BACKENDS [options]: one brpath for each backend, at the same time and on the same traffic. Returns
# when all are attached.
observe_all_start() {
	local backend backends=$1
	shift
	for backend in $backends; do
		launch "$SCENE_DIR/ready-$backend" "$SCENE_DIR/summary-$backend.json" "$SCENE_DIR/stderr-$backend" \
			--backend "$backend" "$@"
		OBSERVERS[$backend]=$!
	done
	for backend in $backends; do
		await_ready "$SCENE_DIR/ready-$backend" || fail "brpath observe --backend $backend $* was not ready"
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
	same "entered = where the frames went" "$(summary .frames.entered)" \
		"$(summary '.frames | .bridged + .routed + .up + .flooded + .dropped + .in_flight')"
	same "pairs + unattributed = total" "$(summary '.frames | .entered - .in_flight + .egress')" \
		"$(summary '([.pairs[] | .to_server.frames + .to_client.frames] | add // 0) + .losses.unattributed_frames')"
	same "handlings of each direction add up" 0 "$(summary '[.pairs[] | .to_server, .to_client |
		select(.frames != .tracked + .untracked + .hooked + .bypassed + .unknown + .none)] | length')"
	same "paths of each direction add up" 0 "$(summary '[.pairs[] | .to_server, .to_client |
		select(.frames != ([.paths[]] | add // 0))] | length')"
	same "reasons of each direction add up" 0 "$(summary '[.pairs[] | .to_server, .to_client |
		select(.bypassed != ([.bypass_reasons // {} | .[]] | add // 0))] | length')"
}

# check_lossless: nothing was lost, nothing is open.
check_lossless() {
	same "losses" "0 0 0" \
		"$(summary '.losses | "\(.flow_table_full) \(.unattributed_frames) \(.missed_probes // 0)"')"
	same "in flight at the end" 0 "$(summary .frames.in_flight)"
}

# port_packets rx|tx: the kernel's own counters, summed over the node's ports.
port_packets() {
	in_node ip -j -s link show master cni0 | jq "[.[].stats64.$1.packets] | add"
}

# pair_counts CLIENT-IP SERVER-IP PROTOCOL [SERVICE-IP]: "to_server frames/path/handling to_client ..." of that
# pair's untagged frames.
pair_counts() {
	summary "[.pairs[] | select(.client.ip == \"$1\" and .server.ip == \"$2\" and .protocol == \"$3\"
		and .vlan == null and ((.service.ip // \"\") == \"${4:-}\"))
		| [.to_server, .to_client][] | [(.frames | tostring),
		([.paths | to_entries[] | \"\(.key)=\(.value)\"] | join(\",\")),
		([to_entries[] | select((.key | IN(\"tracked\", \"untracked\", \"hooked\", \"bypassed\", \"unknown\",
		\"none\")) and .value > 0) | \"\(.key)=\(.value)\"] | join(\",\"))] | join(\"/\")] | join(\" \")"
}
