#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Every change of the setting, once, with who made it: each way to write the sysctls, bridges' own attributes, the
# module. Oracles: the sysctl's file after each write, the writers' own process ids.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/lib/watch.sh
. "$(dirname "$0")/lib/watch.sh"

readonly CONTAINER=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
readonly CALL=/proc/sys/net/bridge/bridge-nf-call-iptables
readonly KEY=net.bridge.bridge-nf-call-iptables
readonly LATE="$PREFIX-late" # a namespace that comes while brpath watches

# names WHAT FROM TO COMMAND [WHO-FIELD...]: the next change of KEY in the node is that, by that command.
names() {
	local what=$1 expected="$2 $3 changed $4"
	shift 4
	next_change "select(.key == \"$KEY\" and .outcome == \"changed\")" || fail "$what: no such change is reported"
	same "$what" "$expected${*:+ $*}" "$(change '[.from, .to, .outcome, .who.command] | join(" ")')${*:+ $(fields "$@")}"
}

# fields NAME=VALUE...: the same names with the values that were reported.
fields() {
	local field seen=()
	for field in "$@"; do
		seen+=("${field%%=*}=$(change ".who.${field%%=*}")")
	done
	echo "${seen[*]}"
}

# sysctl(8) ends the key in its own arguments where the "=" was.
check_ways_to_write() {
	local writer

	in_node sysctl -qw "$KEY=1"
	names "sysctl -w" 0 1 "sysctl -qw $KEY 1" user=root name=sysctl
	same "its parent" "$$" "$(change '.who.parents[0].pid')"
	# shellcheck disable=SC2016 # for the inner shell
	writer=$(in_node bash -c 'echo 0 >"$0"; echo $$' "$CALL")
	names "echo, by a shell that has ended" 1 0 "bash -c 'echo 0 >\"\$0\"; echo \$\$' $CALL" "pid=$writer"
	# Only files of its own: those of the machine are covered.
	# shellcheck disable=SC2016
	in_node unshare --mount bash -c 'for folder in /etc /run /usr/lib /usr/local/lib; do
			[ ! -d "$folder/sysctl.d" ] || mount -t tmpfs tmpfs "$folder/sysctl.d"
		done
		mkdir -p /etc/sysctl.d
		[ ! -e /etc/sysctl.conf ] || mount --bind /dev/null /etc/sysctl.conf
		echo "$0 = 1" >/etc/sysctl.d/99-brpath.conf
		exec sysctl --system' "$KEY" >/dev/null
	names "sysctl --system" 0 1 "sysctl --system"
	printf '%s=0\n' "$KEY" >"$SCENE_DIR/sysctl.conf"
	if [ -x /lib/systemd/systemd-sysctl ]; then
		in_node /lib/systemd/systemd-sysctl "$SCENE_DIR/sysctl.conf"
		names "systemd-sysctl" 1 0 "/lib/systemd/systemd-sysctl $SCENE_DIR/sysctl.conf"
	else
		echo "watch: without systemd-sysctl, which is not installed"
		in_node sysctl -qp "$SCENE_DIR/sysctl.conf"
		names "sysctl -p" 1 0 "sysctl -qp $SCENE_DIR/sysctl.conf"
	fi
}

# In PID and mount namespaces of its own, and in a control group as Docker makes it.
check_container() {
	local group

	group=$(cgroup_mount)/$PREFIX.slice
	mkdir "$group" "$group/docker-$CONTAINER.scope"
	# shellcheck disable=SC2016
	in_node bash -c 'echo $$ >"$0/cgroup.procs"; exec unshare --pid --mount --fork --mount-proc sysctl -qw "$1=1"' \
		"$group/docker-$CONTAINER.scope" "$KEY"
	names "in a container" 0 1 "sysctl -qw $KEY 1" "container=${CONTAINER:0:12}" "unit=docker-$CONTAINER.scope"
	rmdir "$group/docker-$CONTAINER.scope" "$group"
}

# brpath does not run while they write and end.
check_short_lived() {
	kill -STOP "$WATCH_PID"
	in_node setpriv --reuid 0 --clear-groups sysctl -qw "$KEY=0"
	kill -CONT "$WATCH_PID"
	names "who ended before brpath looked" 1 0 "sysctl -qw $KEY 0" name=sysctl
}

# The second write does not stand at the beginning of the file, which the kernel passes over.
check_open_descriptor() {
	# shellcheck disable=SC2016
	in_node bash -c 'exec 7>"$0"; read -rt 0.2 <>/dev/zero || true; echo 1 >&7; echo 0 >&7' "$CALL" 2>/dev/null
	names "a descriptor that was open" 0 1 "bash -c 'exec 7>\"\$0\"; read -rt 0.2 <>/dev/zero || true; echo 1 >&7; echo 0 >&7' $CALL"
	next_change 'select(.outcome == "ignored")' || fail "the second write through a descriptor is not reported"
	same "the second write" "1 0" "$(change '[.from, .to] | join(" ")')"
	same "the value after it" 1 "$(in_node cat "$CALL")"
}

# shellcheck disable=SC2016 # for the inner shell
# What brpath says was left is what the kernel has. The kernel takes the first number only; the shell writes the rest
# once more, not at the beginning of the file.
check_texts() {
	local text status

	for text in 0 5 ' 0 ' 0x0 0x10 00 010 -1 -0 '0 1' '1 rubbish'; do
		status=0
		in_node bash -c 'printf %s "$1" >"$0"' "$CALL" "$text" 2>/dev/null || status=$?
		next_change "select(.key == \"$KEY\" and .outcome != \"ignored\")" || fail "writing '$text' is not reported"
		same "status of writing '$text'" 0 "$status"
		same "what '$text' leaves" "$(in_node cat "$CALL")" "$(change .to)"
	done
	for text in x 08 0x 1a - 1-; do
		status=0
		in_node bash -c 'printf %s "$1" >"$0"' "$CALL" "$text" 2>/dev/null || status=$?
		next_change "select(.key == \"$KEY\" and .outcome != \"ignored\")" || fail "writing '$text' is not reported"
		same "the kernel refuses '$text'" "1 invalid" "$status $(change .outcome)"
	done
}

# Each one, however fast, also when the bridge is gone by then. Of a bridge that is down the kernel announces nothing
# (netdev_state_change()): its change is seen when it goes up.
check_bridges() {
	local expected='' reported i

	for ((i = 0; i < 7; i++)); do
		printf 'link set cni0 type bridge nf_call_iptables %d\n' $(((i + 1) % 2))
	done | in_node ip -batch -
	for ((i = 0; i < 7; i++)); do
		expected+="cni0:nf_call_iptables:$((i % 2))$(((i + 1) % 2)) "
	done
	in_node ip -batch - <<-END
		link set cni0 type bridge nf_call_iptables 0
		link add gone0 up type bridge
		link set gone0 type bridge nf_call_ip6tables 1
		link del gone0
		link add down0 type bridge
		link set down0 type bridge nf_call_iptables 1
		link set down0 up
	END
	expected+="cni0:nf_call_iptables:10 gone0:created gone0:nf_call_ip6tables:01 down0:created down0:nf_call_iptables:01 "
	# shellcheck disable=SC2016
	in_node unshare --mount sh -c 'mount -t sysfs sysfs /sys && echo 1 >/sys/class/net/cni0/bridge/nf_call_arptables'
	expected+="cni0:nf_call_arptables:01 "
	reported=$(next_bridge_changes 13)
	same "changes of bridges" "$expected" "$reported"
	if [[ " ${BRPATH_REQUIRE_BACKENDS:-} " == *" kprobe "* ]]; then
		same "who changed bridges" "10 sh" "$(bridge_writers)"
	fi
}

check_new_namespace() {
	ip netns add "$LATE"
	late_inode=$(stat -Lc %i "/run/netns/$LATE")
	nsenter --net="/run/netns/$LATE" ip link add late0 type bridge
	wait_for 30 grep -q late0 "$CHANGES" || fail "a bridge in a new namespace is not reported"
	same "a bridge in a new namespace" "bridge-created late0 $LATE" \
		"$(jq -r 'select(.bridge == "late0") | "\(.kind) \(.bridge) \(.netns.name)"' "$CHANGES")"
	ip netns del "$LATE"
	# It must not be kept alive.
	wait_for 30 only_watched_lives || fail "brpath keeps a namespace that is gone"
}
only_watched_lives() {
	! find "/proc/$WATCH_PID/fd" -lname "net:\[$late_inode\]" | grep -q .
}

check_module() {
	[ -n "${BRPATH_OWN_MACHINE:-}" ] || return 0
	modprobe -r br_netfilter
	next_change 'select(.kind == "module-unloaded")' || fail "unloading br_netfilter is not reported"
	same "who unloaded it" "modprobe -r br_netfilter" "$(change .who.command)"
	modprobe br_netfilter
	next_change 'select(.kind == "module-loaded")' || fail "loading br_netfilter is not reported"
	same "who loaded it" "modprobe br_netfilter" "$(change .who.command)"
}

# Without -v only what changes something. It was 1.
check_quiet() {
	watch_start --netns "$NODE"
	in_node sysctl -qw "$KEY=1" "$KEY=0" "$KEY=0" "$KEY=1" net.bridge.bridge-nf-filter-vlan-tagged=1
	watch_stop
	same "changes without -v" "0 1" "$(jq -r "select(.key == \"$KEY\") | .to" "$CHANGES" | paste -sd' ')"
}

also_at_exit() {
	watch_kill
	ip netns del "$LATE" 2>/dev/null || true
	rmdir "$(cgroup_mount)/$PREFIX.slice/docker-$CONTAINER.scope" "$(cgroup_mount)/$PREFIX.slice" 2>/dev/null || true
}

late_inode=none
lab_up --setting 0
watch_start -v
check_ways_to_write
check_container
check_short_lived
check_open_descriptor
check_texts
check_bridges
check_new_namespace
watch_stop
check_quiet
if [ -n "${BRPATH_OWN_MACHINE:-}" ]; then
	watch_start
	check_module
	watch_stop
fi
