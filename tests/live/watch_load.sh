#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# brpath watch under 10,000 writes in a loop, three times: every one is reported or counted as lost, by two brpath at
# once; afterwards it sleeps, and its memory has a bound. Oracles: the number of writes, the kernel's account of CPU time and memory.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/lib/watch.sh
. "$(dirname "$0")/lib/watch.sh"

readonly CALL=/proc/sys/net/bridge/bridge-nf-call-iptables
readonly WRITES=10000
readonly SECOND=$SCENE_DIR/second.ndjson
second_pid=

# user and kernel time, in ticks of 10 ms
ticks() { awk '{ print $14 + $15 }' "/proc/$WATCH_PID/stat"; }
memory_kb() { awk '/^VmRSS/ { print $2 }' "/proc/$WATCH_PID/status"; }

# write_many: WRITES writes. The writer is in $writer.
write_many() {
	# shellcheck disable=SC2016 # for the inner shell
	writer=$(in_node bash -c 'for ((i = 0; i < $1; i++)); do echo $((i & 1)) >"$0"; done; echo $$' "$CALL" "$WRITES")
}

# counted FILE: how many of the writer's are reported, and how many are lost, into $reported and $lost.
counted() {
	reported=$(grep -c "\"pid\":$writer,\"name\":\"bash\"" "$1" || true)
	lost=$({ grep '"kind":"lost"' "$1" || true; } | jq -s 'map(.lost) | add // 0')
	lost=$((lost - ${lost_before[$1]:-0}))
}

# all_counted FILE. A write after all others would tell as well, but it may be lost itself.
all_counted() {
	local reported lost
	counted "$1"
	[ $((reported + lost)) -ge "$WRITES" ]
}

# has_lost FILE
has_lost() { grep -q '"kind":"lost"' "$1"; }

# check_all: each is reported in both files, by that writer, or lost.
check_all() {
	local file reported lost
	for file in "$CHANGES" "$SECOND"; do
		wait_for 300 all_counted "$file" || true # then the figures say what is missing
		counted "$file"
		same "$(basename "$file"): reported and lost" "$WRITES" $((reported + lost))
		lost_before[$file]=$((${lost_before[$file]:-0} + lost))
		echo "watch_load: $(basename "$file"): $reported reported, $lost lost"
	done
}

check_idle() {
	local before
	before=$(ticks)
	read -rt 2 -u "$SILENCE" || true
	at_least "ticks of 40 that are left in two seconds of nothing" 0 $((40 - $(ticks) + before))
}

also_at_exit() {
	watch_kill
	[ -z "$second_pid" ] || kill -KILL "$second_pid" 2>/dev/null || true
}

declare -A lost_before=()
writer=
lab_up --setting 0
watch_start -v
"$BRPATH" watch -v --netns "$NODE" --format ndjson --output "$SECOND" --ready-fd 9 9>"$SCENE_DIR/ready-second" \
	2>"$SCENE_DIR/stderr-second" &
second_pid=$!
await_ready "$SCENE_DIR/ready-second" "$second_pid" || fail "the second brpath watch was not ready"
# There is no room for all of them while one does not run.
kill -STOP "$WATCH_PID"
write_many
kill -CONT "$WATCH_PID"
wait_for 60 has_lost "$CHANGES" || fail "nothing is said to be lost while brpath does not run"
check_all
check_idle
write_many
check_all
write_many
check_all
check_idle
# It goes up and down by how many came at once, 23 to 38 MB in six rounds.
at_least "kB of 60000 that are left" 0 $((60000 - $(memory_kb)))
kill -INT "$second_pid"
wait "$second_pid" || fail "the second brpath watch: status $?"
second_pid=
watch_stop
