#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What is around brpath watch: names that would harm a terminal, a pod's control group, who logged in, the unit's
# capabilities and no more, no mount of control groups, a file that has something in it or takes nothing. Oracle: the
# writers' own arguments.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/lib/watch.sh
. "$(dirname "$0")/lib/watch.sh"

readonly KEY=net.bridge.bridge-nf-call-iptables
readonly CALL=/proc/sys/net/bridge/bridge-nf-call-iptables
readonly CONTAINER=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
readonly POD=12345678-9abc-def0-1234-56789abcdef0
UNIT=$(dirname "$0")/../../docs/systemd/brpath-watch.service

# seen WHAT TO JQ-EXPRESSION EXPECTED: the next change of KEY is to that value, and the expression gives that.
seen() {
	next_change "select(.key == \"$KEY\" and .outcome == \"changed\" and .to == $2)" || fail "$1: no such change is reported"
	same "$1" "$4" "$(change "$3")"
}

# write_as COMM VALUE [ARGUMENT...]: by a process that calls itself so.
write_as() {
	# shellcheck disable=SC2016 # for the inner shell
	in_node bash -c 'printf %s "$1" >/proc/self/comm; echo "$2" >"$0"' "$CALL" "$@"
}

check_hostile() {
	local name=$'a\e]0;o\a\xe2\x80\xae"\\' argument=$'a\e]0;owned\a\n\xe2\x80\xae"\\'

	watch_start
	write_as "$name" 1 "$argument"
	# U+202E is a letter like others to JSON.
	seen "a hostile name and argument" 1 '"\(.who.name) \(.who.command[-17:])"' \
		$'a?]0;o?\xe2\x80\xae"\\ \'a?]0;owned??\xe2\x80\xae"\\\''
	watch_stop
	same "lines in JSON" 1 "$(wc -l <"$CHANGES")"
	"$BRPATH" watch --netns "$NODE" --ready-fd 9 9>"$SCENE_DIR/ready-lines" >"$SCENE_DIR/lines" 2>"$SCENE_DIR/stderr-lines" &
	WATCH_PID=$!
	await_ready "$SCENE_DIR/ready-lines" "$WATCH_PID" || fail "brpath watch was not ready"
	write_as "$name" 0 "$argument"
	watch_stop
	same "lines for people" 1 "$(wc -l <"$SCENE_DIR/lines")"
	same "what would harm a terminal in them" 0 "$(tr -d '\n' <"$SCENE_DIR/lines" | LC_ALL=C grep -cP '[\x00-\x1f\x7f]|\xe2\x80\xae')"
}

# With the folder that the kubelet keeps of its logs.
check_pod() {
	local group

	group=$(cgroup_mount)/$PREFIX-kubepods.slice/kubepods-burstable-pod${POD//-/_}.slice/cri-containerd-$CONTAINER.scope
	# shellcheck disable=SC2016 # for the inner shell
	WATCH_AROUND=(unshare --mount bash -c 'mount -t tmpfs tmpfs /var/log && mkdir -p "$0" && exec "$@"'
		"/var/log/pods/shop_cart-0_$POD")
	watch_start
	mkdir -p "$group"
	# shellcheck disable=SC2016
	in_node bash -c 'echo $$ >"$0/cgroup.procs"; echo 1 >"$1"' "$group" "$CALL"
	seen "in a pod" 1 '"\(.who.pod) \(.who.container)"' "shop/cart-0 ${CONTAINER:0:12}"
	if [ -e /proc/self/loginuid ]; then
		# shellcheck disable=SC2016
		in_node bash -c 'echo 424242 >/proc/self/loginuid && echo 0 >"$0"' "$CALL"
		seen "who logged in" 0 '"\(.who.login_user) \(.who.user)"' "424242 root"
	else
		in_node sysctl -qw "$KEY=0"
	fi
	watch_stop
}

# around_with NAMES: brpath watch has these capabilities and no others.
around_with() {
	local list="-all,+${1// /,+}"
	WATCH_AROUND=(setpriv "--bounding-set=$list" "--inh-caps=$list" "--ambient-caps=$list" --no-new-privs)
}

# The capabilities that the unit names, as root without any other.
check_capabilities() {
	local names

	names=$(sed -n 's/^CapabilityBoundingSet=//p' "$UNIT" | tr '[:upper:]' '[:lower:]' | sed 's/cap_//g')
	same "the unit's ambient capabilities" "$(sed -n 's/^CapabilityBoundingSet=//p' "$UNIT")" \
		"$(sed -n 's/^AmbientCapabilities=//p' "$UNIT")"
	around_with "$names"
	watch_start
	in_node sysctl -qw "$KEY=1"
	seen "with the unit's capabilities" 1 '"\(.who.name) \(.who.cgroup != null)"' "sysctl true"
	in_node ip link set cni0 type bridge nf_call_iptables 1
	next_change 'select(.key == "nf_call_iptables")' || fail "with the unit's capabilities: a bridge's change is not reported"
	if [[ " ${BRPATH_REQUIRE_BACKENDS:-} " == *" kprobe "* ]]; then
		same "with the unit's capabilities: who changed a bridge" ip "$(change .who.name)"
	fi
	watch_stop
	# Without SYS_ADMIN: only what is in other named namespaces is missing.
	around_with "${names/ sys_admin/}"
	watch_start
	contains "without SYS_ADMIN" 'bridges in other namespaces are not seen' "$SCENE_DIR/stderr-watch"
	in_node sysctl -qw "$KEY=0"
	seen "without SYS_ADMIN" 0 .who.name sysctl
	watch_stop
	in_node ip link set cni0 type bridge nf_call_iptables 0
}

# brpath makes a mount of its own.
check_no_cgroup_mount() {
	# shellcheck disable=SC2016
	WATCH_AROUND=(unshare --mount bash -c 'umount -l "$0" && exec "$@"' "$(cgroup_mount)")
	watch_start --netns "$NODE" --guard bridge-nf-call-iptables=0
	# The writer has ended when brpath looks: only the number of its control group is left.
	kill -STOP "$WATCH_PID"
	! in_node sysctl -qw "$KEY=1" 2>/dev/null || fail "without a mount of control groups the guard does not hold"
	kill -CONT "$WATCH_PID"
	next_change 'select(.outcome == "refused")' || fail "without a mount of control groups nothing is reported"
	same "the control group" true "$(change '.who.cgroup | startswith("/")')"
	watch_stop
}

# What was there stays; what cannot be written ends it.
check_output() {
	local status=0

	WATCH_AROUND=()
	watch_start --netns "$NODE"
	in_node sysctl -qw "$KEY=1"
	watch_stop
	KEEP=1 watch_start --netns "$NODE"
	in_node sysctl -qw "$KEY=0"
	watch_stop
	same "two runs, one file" "1 0" "$(jq .to "$CHANGES" | paste -sd' ')"
	if [ -w /dev/full ]; then
		"$BRPATH" watch --netns "$NODE" --output /dev/full --ready-fd 9 9>"$SCENE_DIR/ready-full" 2>"$SCENE_DIR/stderr-full" &
		WATCH_PID=$!
		await_ready "$SCENE_DIR/ready-full" "$WATCH_PID" || fail "brpath watch --output /dev/full was not ready"
		in_node sysctl -qw "$KEY=1"
		wait "$WATCH_PID" || status=$?
		WATCH_PID=
		same "a file that takes nothing: status" 1 "$status"
		contains "a file that takes nothing" 'No space left' "$SCENE_DIR/stderr-full"
	fi
}

also_at_exit() {
	local mount
	watch_kill
	mount=$(cgroup_mount)
	find "$mount/$PREFIX-kubepods.slice" -depth -type d -exec rmdir {} + 2>/dev/null || true
}

lab_up --setting 0
check_hostile
check_pod
check_capabilities
check_no_cgroup_mount
check_output
