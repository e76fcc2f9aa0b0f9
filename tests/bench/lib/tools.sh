# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The tools that are measured. start_TOOL starts one, sets TOOL to its process (none for what has no process) and
# returns when it sees frames; it fails if the tool cannot be had here, and its log says why. stop_TOOL ends it and
# says what it saw, with `events`.
#
# A tool in the node is started with nsenter and not with in_node, so that $! is its own process.
#
# Of the caller: NODE (network namespace), DIR (a folder in memory), BRPATH, FLOOR, PWRU, and seen_frames, which
# prints how many frames the ports received since the tool was started, with one of the settings or with both.

in_node() { nsenter --net="/run/netns/$NODE" "$@"; }

log_has() { grep -q "$1" "$DIR/log"; }

# Is it attached? Fails at once when it ended.
await() {
	local tries=0
	until "$@"; do
		kill -0 "$TOOL" 2>/dev/null || return 1
		((++tries < 1200)) || return 1
		sleep 0.05
	done
}

# As Ctrl-C does. What has no handler of its own would ignore it, for bash starts it so.
interrupt() {
	kill "-${1:-INT}" "$TOOL"
	wait "$TOOL" || true
	TOOL=''
}

# events SEEN EXPECTED LOST WHAT: for the table. LOST is what the tool itself says, or "-" if it says nothing.
events() { printf 'events\t%s\t%s\t%s\t%s\t%s\n' "$NAME" "$@"; }

start_nothing() { TOOL=''; }
stop_nothing() { :; }

start_floor() {
	local hooks=()
	mapfile -t hooks < <(awk '!/^#/ && NF { print $1 ":" $2 }' "$BENCH/hooks")
	"$FLOOR" "${hooks[@]}" >"$DIR/log" 2>&1 &
	TOOL=$!
	await log_has '^ready$'
}
stop_floor() { interrupt; }

start_brpath() {
	rm -f "$DIR/ready"
	"$BRPATH" observe --netns "$NODE" --backend "$1" --format json --output "$DIR/summary" --ready-fd 9 \
		${BRPATH_OPTIONS:+$BRPATH_OPTIONS} 9>"$DIR/ready" >"$DIR/log" 2>&1 &
	TOOL=$!
	await test -s "$DIR/ready"
}
stop_brpath() {
	local entered lost
	interrupt
	read -r entered lost < <(jq -r '"\(.frames.entered) \(.losses | .unattributed_frames + (.missed_probes // 0))"' "$DIR/summary")
	events "$entered" "$(seen_frames)" "$lost" "frames counted"
	[ "$1" != fentry ] || compare_hooks
}
# The floor must stand where brpath stands.
compare_hooks() {
	local listed attached
	listed=$(awk '!/^#/ && NF { print $2 }' "$BENCH/hooks" | sort | paste -sd ' ')
	attached=$(jq -r '.hooks[].symbol' "$DIR/summary" | sort | paste -sd ' ')
	[ "$listed" = "$attached" ] || problem "tests/bench/hooks has: $listed; brpath attached: $attached"
}
start_brpath-fentry() { start_brpath fentry; }
stop_brpath-fentry() { stop_brpath fentry; }
start_brpath-kprobe() { start_brpath kprobe; }
stop_brpath-kprobe() { stop_brpath kprobe; }
start_brpath-tracepoint() { start_brpath tracepoint; }
stop_brpath-tracepoint() { stop_brpath tracepoint; }

bpftrace_attached() {
	local function
	for function in br_handle_frame nf_conntrack_in br_dev_queue_push_xmit; do
		grep -q "[ +]$function+" /sys/kernel/debug/kprobes/list || return 1
	done
}
start_bpftrace() {
	bpftrace "$BENCH/pairs.bt" >"$DIR/out" 2>"$DIR/log" &
	TOOL=$!
	await bpftrace_attached
}
stop_bpftrace() {
	local seen
	interrupt
	seen=$(awk -F ': ' '/^@enter\[/ { sum += $NF } END { print sum + 0 }' "$DIR/out")
	events "$seen" "$(seen_frames)" - "frames counted"
}

start_pwru() {
	"$PWRU" --filter-func '^(br_handle_frame_finish|nf_conntrack_in|br_dev_queue_push_xmit)$' \
		--kmods bridge,nf_conntrack --output-tuple 'host 10.244.1.11 or host fd00:244:1::11' \
		>"$DIR/out" 2>"$DIR/log" &
	TOOL=$!
	await log_has 'Listening for events'
}
# It says nothing of what it loses, so its lines are counted.
stop_pwru() {
	local lines
	interrupt
	lines=$(grep -c 'br_\|nf_' "$DIR/out") || true
	events "$lines" "$(($(seen_frames 1) * 3 + $(seen_frames 0) * 2))" - "lines, one for each function and frame"
}

start_tcpdump() {
	nsenter --net="/run/netns/$NODE" tcpdump -i any -w /dev/null 2>"$DIR/log" &
	TOOL=$!
	await log_has 'listening on'
}
stop_tcpdump() {
	local captured dropped
	interrupt
	captured=$(awk '/packets captured/ { print $1 }' "$DIR/log")
	dropped=$(awk '/dropped by kernel/ { print $1 }' "$DIR/log")
	events "$captured" "$(($(seen_frames) * 2))" "$dropped" "packets, one at each port"
}

# Does someone in the node listen to a group of nfnetlink? The address of the socket is not always that of the process.
listens_to_netfilter() {
	awk '$2 == 12 && $4 != "00000000" { found = 1 } END { exit !found }' "/proc/$TOOL/net/netlink"
}

start_conntrack() {
	nsenter --net="/run/netns/$NODE" conntrack -E >"$DIR/out" 2>"$DIR/log" &
	TOOL=$!
	await listens_to_netfilter
}
stop_conntrack() {
	interrupt
	events "$(wc -l <"$DIR/out")" - "$(grep -c ENOBUFS "$DIR/log")" "changes of connections; lost: times it had to give up some"
}

start_nft() {
	in_node nft -f - <<-END || return 1
		table bridge bench {
			chain prerouting {
				type filter hook prerouting priority -300;
				meta nftrace set 1
			}
		}
	END
	nsenter --net="/run/netns/$NODE" stdbuf -oL nft monitor trace >"$DIR/out" 2>"$DIR/log" &
	TOOL=$!
	await listens_to_netfilter
}
stop_nft() {
	interrupt TERM
	in_node nft delete table bridge bench
	events "$(grep -c 'bridge bench prerouting packet:' "$DIR/out")" "$(seen_frames)" \
		"$(grep -ci 'lost' "$DIR/log" "$DIR/out" | awk -F : '{ sum += $2 } END { print sum }')" \
		"frames with a trace; lost: times it had to give up some"
}
