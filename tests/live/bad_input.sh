#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What a person gets wrong, or does not have: a message that says what was tried, why it failed and what to do, the
# right status, and nothing attached.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"

readonly FAILED=1 USAGE=2 PERMISSION=3 UNSUPPORTED=4
readonly BARE="$PREFIX-bare" # a namespace without a bridge

# refuses STATUS PATTERN COMMAND...: it ends with the status, says something like the pattern on stderr and nothing
# on stdout, and says what to do in a second line.
refuses() {
	local expected=$1 pattern=$2 status=0
	shift 2

	timeout 60 "$@" >"$SCENE_DIR/stdout" 2>"$SCENE_DIR/stderr" </dev/null || status=$?
	same "status of ${*##*/}" "$expected" "$status"
	contains "${*##*/}" "$pattern" "$SCENE_DIR/stderr"
	contains "${*##*/}" '^brpath: cannot ' "$SCENE_DIR/stderr"
	at_least "lines on stderr of ${*##*/}" 2 "$(wc -l <"$SCENE_DIR/stderr")"
	same "bytes on stdout of ${*##*/}" 0 "$(wc -c <"$SCENE_DIR/stdout")"
}

check_usage() {
	refuses $USAGE 'did you mean.*--duration' "$BRPATH" observe --duraton 5s
	refuses $USAGE 'did you mean.*json' "$BRPATH" observe --format jsn
	refuses $USAGE '500ms, 2s' "$BRPATH" observe --duration soon
	refuses $USAGE '100ms' "$BRPATH" observe --interval 1ms
	refuses $USAGE 'did you mean .brpath observe' "$BRPATH" observ
	refuses $USAGE 'no command is given' "$BRPATH"
	refuses $USAGE 'ndjson' "$BRPATH" observe --format json --interval 1s
	refuses $USAGE 'did you mean setting-changed.*not-tracked-here' "$BRPATH" observe --explain setting-chnged
	refuses $USAGE 'did you mean critical' "$BRPATH" observe --fail-on critical1
	refuses $USAGE 'range' "$BRPATH" observe --max-flows 1
	refuses $USAGE '0 or 1' "$BRPATH" watch --guard bridge-nf-call-iptables=2
	refuses $USAGE 'did you mean net.bridge.bridge-nf-call-iptables' "$BRPATH" watch --guard bridge-nf-call-iptable=1
	refuses $USAGE 'no --guard' "$BRPATH" watch --guard-pin
}

check_places() {
	refuses $USAGE "$PREFIX-nowhere" "$BRPATH" watch --netns "$PREFIX-nowhere"
	refuses $USAGE "$PREFIX-nowhere" "$BRPATH" observe --netns "$PREFIX-nowhere"
	refuses $USAGE 'bridges here: cni0' "$BRPATH" observe --netns "$NODE" --bridge br-nowhere
	refuses $USAGE 'no bridge at all' "$BRPATH" observe --netns "$BARE" --bridge br0
}

check_files() {
	printf '10.0.0.1 fine\n\n# comment\nnot-an-address name\n' >"$SCENE_DIR/names"
	refuses $USAGE 'line 4' "$BRPATH" observe --netns "$NODE" --names "$SCENE_DIR/names"
	refuses $USAGE 'No such file' "$BRPATH" observe --netns "$NODE" --names "$SCENE_DIR/nothing-here"
	refuses $USAGE 'No such file' "$BRPATH" observe --netns "$NODE" --output "$SCENE_DIR/no/folder"
	refuses $USAGE 'No such file' "$BRPATH" watch --output "$SCENE_DIR/no/folder"
	refuses $USAGE 'Is a directory' "$BRPATH" watch --output "$SCENE_DIR"
	if [ -w /dev/full ]; then
		refuses $FAILED 'No space left' "$BRPATH" observe --netns "$NODE" --duration 100ms --output /dev/full
	fi
}

# What is there stays, until there is something better.
check_output_is_kept() {
	echo precious >"$SCENE_DIR/kept"
	refuses $USAGE "$PREFIX-nowhere" "$BRPATH" observe --netns "$PREFIX-nowhere" --output "$SCENE_DIR/kept"
	same "a results file after a refusal" precious "$(cat "$SCENE_DIR/kept")"
	"$BRPATH" observe --netns "$NODE" --duration 100ms --format json --output "$SCENE_DIR/kept" 2>&- ||
		fail "with stderr closed: status $?"
	same "a results file with stderr closed" brpath.summary/1 "$(jq -r .schema "$SCENE_DIR/kept")"
}

check_privileges() {
	local program="$SCENE_DIR/program/brpath"

	# a copy where everybody may run it
	chmod 711 "$SCENE_DIR"
	mkdir "$SCENE_DIR/program"
	cp "$BRPATH" "$program"
	chmod 755 "$SCENE_DIR/program" "$program"
	refuses $PERMISSION 'CAP_BPF' setpriv --reuid 65534 --clear-groups "$program" observe --netns "$NODE"
	contains "not root: what to do" 'sudo|root' "$SCENE_DIR/stderr"
	refuses $PERMISSION 'CAP_BPF' setpriv --reuid 65534 --clear-groups "$program" watch
	refuses $PERMISSION 'CAP_NET_ADMIN' setpriv --bounding-set -net_admin "$program" observe
	refuses $PERMISSION 'user namespace' unshare --user --map-root-user "$program" observe
	refuses $PERMISSION 'CAP_SYS_ADMIN' setpriv --bounding-set -sys_admin "$program" observe --netns "$NODE"
}

# shellcheck disable=SC2016 # for the inner shell
check_kernel() {
	refuses $UNSUPPORTED 'type information' unshare --mount sh -c \
		'mount -t tmpfs none /sys/kernel/btf && exec "$0" observe --netns "$1"' "$BRPATH" "$NODE"
	if [[ $backends != *fentry* ]]; then
		refuses $UNSUPPORTED 'fentry' "$BRPATH" observe --netns "$NODE" --backend fentry
	fi
}

# No bridge at all: it waits and says so, and goes on when one comes.
check_waiting() {
	local status=0

	launch_watched --netns "$BARE" --duration 30s
	wait_for 60 grep -qs 'waiting for one' "$SCENE_DIR/stderr" || fail "it does not say that it waits"
	kill -0 "$OBSERVE_PID" || fail "it does not wait"
	nsenter --net="/run/netns/$BARE" ip link add late0 type bridge
	wait_for 60 grep -q attached "$SCENE_DIR/stderr" || fail "it does not go on when a bridge comes"
	kill -INT "$OBSERVE_PID"
	wait "$OBSERVE_PID" || status=$?
	OBSERVE_PID=
	same "status after waiting" 0 "$status"
	same "the bridge that came" late0 "$(summary '.bridges[0].name')"
	ip netns del "$BARE"
	ip netns add "$BARE"
}

# The duration counts while it waits, too; the summary is an empty one.
check_waiting_in_vain() {
	"$BRPATH" observe --netns "$BARE" --duration 300ms --format json --output "$SCENE_DIR/summary.json" \
		2>"$SCENE_DIR/stderr" || fail "waiting in vain: status $?"
	same "bridges after waiting in vain" 0 "$(summary '.bridges | length')"
}

check_interrupted_while_waiting() {
	local status=0

	launch_watched --netns "$BARE"
	wait_for 60 grep -qs 'waiting for one' "$SCENE_DIR/stderr" || fail "it does not say that it waits"
	kill -INT "$OBSERVE_PID"
	wait "$OBSERVE_PID" || status=$?
	OBSERVE_PID=
	same "status when interrupted while waiting" 0 "$status"
}

also_at_exit() { ip netns del "$BARE" 2>/dev/null || true; }

lab_up --setting 0
ip netns add "$BARE"
backends=$(usable_backends)
check_usage
check_places
check_files
check_output_is_kept
check_privileges
check_kernel
check_waiting
check_waiting_in_vain
check_interrupted_while_waiting
