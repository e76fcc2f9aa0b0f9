#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What cannot be attached is said with its reason, one of three: the module is not loaded, it has no BTF, or the function
# is absent. And when the module comes while brpath runs, it is attached. Oracles: /proc/kallsyms, /sys/kernel/btf.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"

also_at_exit() { ip netns del "$NODE" 2>/dev/null || true; }

# watch OPTION...: an observation of the node that says all it tries, in $SCENE_DIR/stderr.
watch() {
	launch_watched --netns "$NODE" -v "$@"
	wait_for 120 grep -qs ': attached' "$SCENE_DIR/stderr" || fail "brpath observe $* does not attach"
}

has_function() { grep -qE " [tT] $1(\$|[[:space:]])" /proc/kallsyms; }

attached_again() { [ "$(grep -c ': attached' "$SCENE_DIR/stderr")" -ge 2 ]; }

# unload MODULE: after everything that holds it, whoever had it loaded.
unload() {
	local holder

	for holder in "/sys/module/$1/holders/"*; do
		[ ! -e "$holder" ] || unload "${holder##*/}" || return
	done
	[ ! -e "/sys/module/$1" ] || rmmod "$1" 2>>"$SCENE_DIR/unload"
}

unload_conntrack() {
	rm -f "$SCENE_DIR/unload"
	unload nf_conntrack
}

check_module() {
	# Namespaces of a scene before may still be on their way out.
	wait_for 30 unload_conntrack || fail "nf_conntrack cannot be unloaded: $(cat "$SCENE_DIR/unload")"
	watch --backend "$1"
	contains "$1, nf_conntrack not loaded" \
		"hook conntrack: not possible: .*the module nf_conntrack is not loaded .sudo modprobe nf_conntrack" \
		"$SCENE_DIR/stderr"
	modprobe nf_conntrack
	wait_for 60 attached_again || fail "$1: nf_conntrack has come, and is not attached to"
	observe_stop
	same "$1, nf_conntrack loaded later" "nf_conntrack_in $1" \
		"$(summary '.hooks[] | select(.hook == "conntrack") | "\(.symbol) \(.backend)"')"
}

check_no_btf() {
	local status=0

	"$BRPATH" observe --netns "$NODE" --backend fentry --duration 1s >"$SCENE_DIR/stdout" 2>"$SCENE_DIR/stderr" || status=$?
	same "fentry without BTF: status" 4 "$status"
	contains "fentry without BTF" "the module bridge is loaded and has no type information .BTF." "$SCENE_DIR/stderr"
}

check_absent() {
	watch --backend kprobe
	contains "absent function" "hook settled-ipv4: not possible: .*no function ipv4_confirm: absent in this build, or inlined" \
		"$SCENE_DIR/stderr"
	observe_stop
	same "what serves in its place" nf_confirm "$(summary '.hooks[] | select(.hook == "settled-ipv4") | .symbol')"
}

# check_first_choice: without --backend each hook has the first candidate that works; none ends the run.
check_first_choice() {
	watch
	observe_stop
	at_least "hooks" 4 "$(summary '.hooks | length')"
}

# A bridge, and no rule that would need conntrack.
ip netns add "$NODE"
nsenter --net="/run/netns/$NODE" ip link add br0 type bridge
backends=$(usable_backends)
check_first_choice
[ ! -e /sys/module/bridge/initstate ] || [ -e /sys/kernel/btf/bridge ] || check_no_btf
[[ " $backends " != *" kprobe "* ]] || has_function ipv4_confirm || check_absent
if [ -z "${BRPATH_OWN_MACHINE:-}" ] || [ ! -e /sys/module/nf_conntrack/initstate ]; then
	printf '%s: SKIPPED: a module that comes later: this kernel'"'"'s modules are built in, or not ours to unload\n' "$SCENE_NAME"
else
	for backend in $backends; do
		[ "$backend" = tracepoint ] || check_module "$backend"
	done
fi
