# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# For scenes about `brpath watch`: its changes as they come. Sourced after lib.sh.
# shellcheck disable=SC2154,SC2034 # SCENE_DIR and NODE are lib.sh's, CHANGES is for the scene

WATCH_PID=
CHANGES=$SCENE_DIR/changes.ndjson
CHANGE= # the one that next_change found
read_lines=0

# What brpath watch runs below, if not by itself: setpriv, unshare, ...
WATCH_AROUND=()

# watch_start [options]: returns when it watches. What an earlier one has written goes, unless KEEP is set.
watch_start() {
	rm -f "$SCENE_DIR/ready-watch"
	[ -n "${KEEP:-}" ] || rm -f "$CHANGES"
	read_lines=0
	"${WATCH_AROUND[@]}" "$BRPATH" watch --format ndjson --output "$CHANGES" --ready-fd 9 "$@" 9>"$SCENE_DIR/ready-watch" \
		2>"$SCENE_DIR/stderr-watch" &
	WATCH_PID=$!
	await_ready "$SCENE_DIR/ready-watch" "$WATCH_PID" || fail "brpath watch $* was not ready"
}

# watch_stop: Ctrl-C; what came before is written.
watch_stop() {
	local status=0
	kill -INT "$WATCH_PID"
	wait "$WATCH_PID" || status=$?
	WATCH_PID=
	same "status of brpath watch" 0 "$status"
}

watch_kill() { [ -z "$WATCH_PID" ] || kill -KILL "$WATCH_PID" 2>/dev/null || true; }

# next_change JQ-FILTER: the first change in the node, after the one before, that passes. CHANGE is it.
next_change() {
	local end=$((SECONDS + 30)) line filter=$1

	while [ "$SECONDS" -lt "$end" ]; do
		line=$(tail -n +$((read_lines + 1)) "$CHANGES" |
			jq -nr "first(foreach inputs as \$c (0; . + 1; . as \$n | \$c | select(.netns.name == \"$NODE\" or .netns.inode == 0)
			| $filter | \"\(\$n) \(tojson)\"))")
		if [ -n "$line" ]; then
			read_lines=$((read_lines + ${line%% *}))
			CHANGE=${line#* }
			return 0
		fi
		pause
	done
	return 1
}

# change JQ-EXPRESSION, of CHANGE.
change() { jq -r "$1" <<<"$CHANGE"; }

# next_bridge_changes COUNT: so many changes of bridges in the node, in one line.
next_bridge_changes() {
	local end=$((SECONDS + 30))

	while [ "$SECONDS" -lt "$end" ]; do
		[ "$(jq -r "select(.netns.name == \"$NODE\" and .bridge != null) | .bridge" "$CHANGES" | wc -l)" -lt "$1" ] || break
		pause
	done
	jq -r "select(.netns.name == \"$NODE\" and .bridge != null) | if .kind == \"bridge-created\" then \"\(.bridge):created\"
		else \"\(.bridge):\(.key):\(.from)\(.to)\" end" "$CHANGES" | tr '\n' ' '
}

# bridge_writers: how many changes of bridges there are by ip, and who made the last one.
bridge_writers() {
	jq -rs "[.[] | select(.netns.name == \"$NODE\" and .kind == \"bridge-attribute\")]
		| \"\([.[] | select(.who.name == \"ip\")] | length) \(last.who.name)\"" "$CHANGES"
}

# The unified hierarchy; mounted for the scene where it is not.
cgroup_mount() { awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts; }
