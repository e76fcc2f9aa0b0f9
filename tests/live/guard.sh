#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A guard refuses writes that would change the value, and nothing else; it is gone when brpath ends, however, but for
# --guard-pin. Oracles: the sysctl's file, the status of the writers.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/lib/watch.sh
. "$(dirname "$0")/lib/watch.sh"

readonly FOLDER=/proc/sys/net/bridge
readonly OTHER="$PREFIX-other"

# write NAMESPACE SYSCTL TEXT: "status value-afterwards".
write() {
	local status=0
	# shellcheck disable=SC2016 # for the inner shell
	nsenter --net="/run/netns/$1" bash -c 'printf "%s\n" "$1" >"$0"' "$FOLDER/$2" "$3" 2>"$SCENE_DIR/write" || status=$?
	echo "$status $(nsenter --net="/run/netns/$1" cat "$FOLDER/$2")"
}

# refuses WHAT NAMESPACE SYSCTL TEXT STAYS
refuses() {
	same "$1" "1 $5" "$(write "$2" "$3" "$4")"
	contains "$1" 'Operation not permitted' "$SCENE_DIR/write"
}

# allows WHAT NAMESPACE SYSCTL TEXT BECOMES
allows() { same "$1" "0 $5" "$(write "$2" "$3" "$4")"; }

check_guarded() {
	local text i

	for text in 0 00 0x0 ' 0' '0 1' -0 rubbish; do
		refuses "writing '$text'" "$NODE" bridge-nf-call-iptables "$text" 1
	done
	for text in 1 7 0x1 -1 ' 1'; do
		allows "writing '$text'" "$NODE" bridge-nf-call-iptables "$text" 1
	done
	allows "another sysctl" "$NODE" bridge-nf-call-ip6tables 0 0
	allows "another sysctl, back" "$NODE" bridge-nf-call-ip6tables 1 1
	for i in 1 2; do
		# shellcheck disable=SC2016
		in_node bash -c 'for ((i = 0; i < 499; i++)); do ! echo 0 >"$0" || exit 1; done' "$FOLDER/bridge-nf-call-iptables" \
			2>/dev/null &
		writers[i]=$!
	done
	while kill -0 "${writers[@]}" 2>/dev/null; do
		same "the value while two write" 1 "$(in_node cat "$FOLDER/bridge-nf-call-iptables")"
	done
	for i in 1 2; do
		wait "${writers[$i]}" || fail "one of 499 writes was not refused"
	done
}

check_one_namespace() {
	watch_start --netns "$NODE" --guard bridge-nf-call-iptables=1
	contains "what it cannot refuse is said" 'unloading br_netfilter' "$SCENE_DIR/stderr-watch"
	check_guarded
	allows "the same sysctl elsewhere" "$OTHER" bridge-nf-call-iptables 0 0
	watch_stop
	same "refused writes that are reported" 1005 "$(grep -c '"outcome":"refused"' "$CHANGES")"
	same "who is named" bash "$(jq -rs 'map(select(.outcome == "refused"))[0].who.name' "$CHANGES")"
	allows "when it has ended" "$NODE" bridge-nf-call-iptables 0 0
}

check_killed() {
	watch_start --netns "$NODE" --guard net/bridge/bridge-nf-call-iptables=0 --guard bridge-nf-call-arptables=1
	refuses "before it is killed" "$NODE" bridge-nf-call-iptables 1 0
	refuses "the other guard" "$NODE" bridge-nf-call-arptables 0 1
	kill -KILL "$WATCH_PID"
	wait "$WATCH_PID" 2>/dev/null || true
	WATCH_PID=
	# The kernel lets go when the last descriptor is closed, which the end of the process is.
	allows "after SIGKILL" "$NODE" bridge-nf-call-iptables 1 1
}

# Two of them, of which each refuses what it has to: nothing at all gets through, until one ends.
check_two() {
	watch_start --netns "$NODE" --guard bridge-nf-call-iptables=1
	first=$WATCH_PID
	watch_start --netns "$NODE" --guard bridge-nf-call-iptables=0
	refuses "two guards: what the second one wants" "$NODE" bridge-nf-call-iptables 0 1
	refuses "two guards: what the first one wants" "$NODE" bridge-nf-call-iptables 1 1
	watch_stop
	refuses "the first one, when the second has ended" "$NODE" bridge-nf-call-iptables 0 1
	WATCH_PID=$first first=
	watch_stop
	allows "when both have ended" "$NODE" bridge-nf-call-iptables 0 0
	allows "when both have ended, back" "$NODE" bridge-nf-call-iptables 1 1
}

# Only where nobody else's sysctls are.
check_all_namespaces() {
	[ -n "${BRPATH_OWN_MACHINE:-}" ] || return 0
	watch_start --guard bridge-nf-call-ip6tables=1
	refuses "all namespaces: one" "$NODE" bridge-nf-call-ip6tables 0 1
	nsenter --net="/run/netns/$OTHER" sysctl -qw net.bridge.bridge-nf-call-iptables=1
	refuses "all namespaces: another one" "$OTHER" bridge-nf-call-ip6tables 0 1
	! sysctl -qw net.bridge.bridge-nf-call-ip6tables=0 2>/dev/null || fail "the first namespace is not guarded"
	watch_stop
	same "refused everywhere" 3 "$(grep -c '"outcome":"refused"' "$CHANGES")"
	allows "all namespaces, when it has ended" "$OTHER" bridge-nf-call-ip6tables 0 0
}

# In a mount namespace with a bpffs of its own: the machine's has nothing of it.
check_pinned() {
	in_node sysctl -qw net.bridge.bridge-nf-call-iptables=1
	# shellcheck disable=SC2016,SC2094 # for the inner shell; which reads what brpath has written
	unshare --mount bash -euc '
		try() { nsenter --net="/run/netns/$2" sysctl -qw net.bridge.bridge-nf-call-iptables=0 2>/dev/null && echo changed || echo refused; }
		mount -t bpf bpf /sys/fs/bpf
		"$1" watch --netns "$2" --guard bridge-nf-call-iptables=1 --guard-pin --duration 1ms
		echo "pinned: $(try "$@")"
		"$1" watch --netns "$2" --guard bridge-nf-call-iptables=0 --guard-pin --duration 1ms || echo "again: $?"
		$(sed -n "s/.*to remove it: //p" "$3")
		echo "removed: $(try "$@")"' - "$BRPATH" "$NODE" "$SCENE_DIR/stderr-pin" 2>"$SCENE_DIR/stderr-pin" \
		>"$SCENE_DIR/pin" || fail "a pinned guard: status $?"
	same "a pinned guard" "pinned: refused again: 2 removed: changed" "$(paste -sd' ' "$SCENE_DIR/pin")"
	contains "pinned twice" 'rm /sys/fs/bpf/brpath-guard' "$SCENE_DIR/stderr-pin"
}

check_without_bpffs() {
	local status=0
	# shellcheck disable=SC2016
	unshare --mount bash -c 'mount -t tmpfs tmpfs /sys/fs/bpf && exec "$@"' - \
		"$BRPATH" watch --netns "$NODE" --guard bridge-nf-call-iptables=1 --guard-pin 2>"$SCENE_DIR/stderr-pin" || status=$?
	same "pinning where no bpffs is" 1 "$status"
	contains "pinning where no bpffs is" 'mount -t bpf' "$SCENE_DIR/stderr-pin"
}

also_at_exit() {
	watch_kill
	[ -z "$first" ] || kill -KILL "$first" 2>/dev/null || true
	ip netns del "$OTHER" 2>/dev/null || true
}

writers=()
first=
lab_up --setting 1
ip netns add "$OTHER"
check_one_namespace
check_killed
check_two
check_all_namespaces
check_pinned
check_without_bpffs
