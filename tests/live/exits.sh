#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Every way for brpath to end, and that nothing of it stays in the kernel. Oracle: bpftool.
# shellcheck source=tests/live/lib.sh disable=SC2119 # observe_start takes options, or none
. "$(dirname "$0")/lib.sh"

readonly OBJECT_NAMES='tp_|fentry_|fexit_|kprobe_|drain_|brpath|flows_|cpus|records|waiting|stacked_devices|grace'

# Programs and maps in the kernel that carry brpath's names: "prog ID" and "map ID", sorted. An id is not given twice.
in_kernel() {
	local kind

	for kind in prog map; do
		bpftool "$kind" show | sed -nE "s/^([0-9]+): .*name ($OBJECT_NAMES).*/$kind \1/p"
	done | sort
}

# Those that were not there before: what earlier programs left may still go away.
left_in_kernel() { in_kernel | comm -13 "$SCENE_DIR/before" -; }

nothing_left() { [ -z "$(left_in_kernel)" ]; }

# The kernel frees programs a moment after the last descriptor is closed.
check_nothing_left() {
	checks=$((checks + 1))
	wait_for 10 nothing_left || fail "after $1 there are objects of brpath left: $(left_in_kernel | tr '\n' ' ')"
}

check_attached_is_seen() {
	observe_start
	at_least "objects while it runs" 3 "$(left_in_kernel | wc -l)"
	observe_stop
	check_nothing_left "Ctrl-C"
}

check_sigkill() {
	observe_start
	kill -KILL "$OBSERVE_PID"
	wait "$OBSERVE_PID" 2>/dev/null || true
	OBSERVE_PID=
	check_nothing_left "SIGKILL"
}

check_sigterm() {
	observe_start
	kill -TERM "$OBSERVE_PID"
	wait "$OBSERVE_PID" || fail "SIGTERM: status $?"
	OBSERVE_PID=
	same "SIGTERM ends with a summary" brpath.summary/1 "$(summary .schema)"
	check_nothing_left "SIGTERM"
}

# A pipe that is full and that nobody reads, open as descriptor 8.
open_stuck_pipe() {
	rm -f "$SCENE_DIR/stuck"
	mkfifo "$SCENE_DIR/stuck"
	exec 8<>"$SCENE_DIR/stuck"
	dd if=/dev/zero of="$SCENE_DIR/stuck" bs=4096 count=1024 oflag=nonblock 2>/dev/null || true
}

# SIGINT is 2: bit 1 of the mask of blocked signals.
unblocks_interrupt() {
	local mask

	mask=$(sed -n 's/^SigBlk:[[:space:]]*//p' "/proc/$OBSERVE_PID/status")
	[ $((16#$mask & 2)) -eq 0 ]
}

# interrupt_twice WHAT: the first Ctrl-C ends the observation, the second the program, though nobody reads.
interrupt_twice() {
	local status=0

	kill -INT "$OBSERVE_PID"
	wait_for 10 unblocks_interrupt || fail "$1: it does not take Ctrl-C"
	kill -INT "$OBSERVE_PID"
	wait "$OBSERVE_PID" || status=$?
	OBSERVE_PID=
	exec 8>&-
	same "$1: status after the second Ctrl-C" 130 "$status"
	check_nothing_left "$1"
}

check_last_summary_stuck() {
	open_stuck_pipe
	OUTPUT="$SCENE_DIR/stuck" observe_start --backend "$quickest"
	interrupt_twice "nobody reads the last summary"
}

# In poll(2) for two descriptors: the output and the signals.
waits_for_reader() { grep -qE '^(7|271) 0x[0-9a-f]+ 0x2 ' "/proc/$OBSERVE_PID/syscall"; }

check_summary_stuck() {
	open_stuck_pipe
	"$BRPATH" observe --netns "$NODE" --backend "$quickest" --format ndjson --interval 100ms --output "$SCENE_DIR/stuck" \
		2>"$SCENE_DIR/stderr" &
	OBSERVE_PID=$!
	wait_for 60 waits_for_reader || fail "it does not wait for the reader"
	interrupt_twice "nobody reads a summary"
}

check_closed_pipe() {
	local status=0

	"$BRPATH" observe --netns "$NODE" --backend "$quickest" --duration 2s --interval 200ms 2>"$SCENE_DIR/stderr" | head -n 1 >"$SCENE_DIR/line" ||
		status=$?
	same "| head -n 1: status" 0 "$status"
	contains "| head -n 1" '^brpath observe' "$SCENE_DIR/line"
	same "| head -n 1: complaints" 0 "$(grep -vcE '^brpath: attached' "$SCENE_DIR/stderr" || true)"
	check_nothing_left "a closed pipe"
}

check_duration() {
	"$BRPATH" observe --netns "$NODE" --backend "$quickest" --duration 300ms --format json >"$SCENE_DIR/summary.json" 2>"$SCENE_DIR/stderr" ||
		fail "--duration: status $?"
	same "--duration: a whole summary" 0 "$(summary .frames.in_flight)"
	check_nothing_left "--duration"
}

# On a terminal the table is drawn again in place and the last one stays; elsewhere there is one at the end.
check_terminal() {
	script -qec "$BRPATH observe --netns $NODE --backend $quickest --duration 1s --interval 300ms" /dev/null \
		</dev/null >"$SCENE_DIR/screen" 2>&1 || fail "on a terminal: status $?"
	at_least "redraws on a terminal" 2 "$(grep -c $'\x1b\[[0-9]*A\x1b\[J' "$SCENE_DIR/screen")"
	"$BRPATH" observe --netns "$NODE" --backend "$quickest" --duration 1s >"$SCENE_DIR/once" 2>/dev/null
	# Each redraw begins in the first column, wherever an echoed ^C has left the cursor.
	same "redraws from elsewhere than the first column" 0 \
		"$(grep -P '\x1b\[[0-9]*A\x1b\[J' "$SCENE_DIR/screen" | grep -cvP '\r\x1b\[[0-9]*A\x1b\[J' || true)"
	script -qec "stty cols 40 rows 10; $BRPATH observe --netns $NODE --backend $quickest --duration 500ms --interval 200ms" /dev/null \
		</dev/null >"$SCENE_DIR/narrow" 2>&1 || fail "on a narrow terminal: status $?"
	same "lines of a redraw that are wider than the terminal" 0 \
		"$(sed -n '/\x1b\[[0-9]*A/,/\x1b\[[0-9]*A/p' "$SCENE_DIR/narrow" | head -n 9 | tail -n +2 |
			sed 's/\x1b\[[0-9;]*[mAJ]//g; s/\r//g' | grep -cE '^.{41}' || true)"
	same "summaries elsewhere" 1 "$(grep -c '^brpath observe' "$SCENE_DIR/once")"
	same "escape sequences elsewhere" 0 "$(grep -c $'\x1b' "$SCENE_DIR/once" || true)"
	NO_COLOR=1 script -qec "$BRPATH observe --netns $NODE --backend $quickest --duration 300ms" /dev/null </dev/null >"$SCENE_DIR/plain" 2>&1
	same "colour with NO_COLOR" 0 "$(grep -c $'\x1b\[[0-9;]*m' "$SCENE_DIR/plain" || true)"
}

lab_up --setting 0
quickest=$(usable_backends)
quickest=${quickest##* } # where it does not matter how brpath listens: it attaches in half of the time
in_kernel >"$SCENE_DIR/before"
check_attached_is_seen
check_sigkill
check_sigterm
check_last_summary_stuck
check_summary_stuck
check_closed_pipe
check_duration
check_terminal
