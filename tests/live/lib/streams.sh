# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# For scenes that change something while brpath observes: its summaries as they come, one on a line (FORMAT=ndjson,
# --interval). Reads without a process, because these are what costs time in a guest.
# shellcheck disable=SC2154,SC2034 # SCENE_DIR and OBSERVERS are lib.sh's, LAST and LOST are for the scene

declare -A LINES=() PART=() # backend: summaries read so far; the beginning of one that is still being written
declare -A STREAM=()        # backend: descriptor
declare -A LAST=()          # backend: the last summary that was read
declare -A LOST=()          # backend: why it is not waited for any more

# open_streams BACKENDS: from their beginning.
open_streams() {
	local backend descriptor file

	for backend in $1; do
		file=$SCENE_DIR/summary-$backend.json
		LINES[$backend]=0 PART[$backend]='' LOST[$backend]=''
		[ -e "$file" ] || {
			LOST[$backend]="it has not begun to write summaries;"
			file=/dev/null
		}
		exec {descriptor}<"$file"
		STREAM[$backend]=$descriptor
	done
}

# read_summaries BACKEND: all that are there.
read_summaries() {
	local line

	while read -r line <&"${STREAM[$1]}"; do
		LAST[$1]=${PART[$1]}$line
		PART[$1]=
		LINES[$1]=$((LINES[$1] + 1))
	done
	PART[$1]+=$line
}

# await_summary BACKEND NUMBER SECONDS
await_summary() {
	local end=$((SECONDS + $3))

	until read_summaries "$1" && [ "${LINES[$1]}" -ge "$2" ]; do
		if [ "$SECONDS" -ge "$end" ] || ! kill -0 "${OBSERVERS[$1]}" 2>/dev/null; then
			LOST[$1]="no summary comes any more: $(tail -n 1 "$SCENE_DIR/stderr-$1");"
			return 1
		fi
		pause
	done
}

# await_fresh BACKENDS: until each has written a summary that began after this call. That is the second one from now:
# the next one may be on its way. One that ends, or writes nothing for a minute, is LOST.
await_fresh() {
	local backend
	local -A until_line=()

	for backend in $1; do
		read_summaries "$backend"
		until_line[$backend]=$((LINES[$backend] + 2))
	done
	for backend in $1; do
		[ -n "${LOST[$backend]}" ] || await_summary "$backend" "${until_line[$backend]}" 60 || true
	done
}
