# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# For scenes with a real container runtime. It runs in the node's network namespace and in two others of the scene's
# own. Of mounts: /run and /var/lib are folders of the scene, so it keeps its usual paths and touches none of the
# machine's. Of processes: everything that it starts ends with the first one. brpath is outside and finds sockets and
# files below ROOT. Sourced after lib/streams.sh and lib/outside.sh.
#
#   outside ------- outer, node, the runtime's bridges with its containers
#   192.168.50.2    .1
#
# What is "unused" here is the scene's.
# shellcheck disable=SC2034,SC2154

expected= # the rows of UDP so far
readonly ROOT=$SCENE_DIR/root
readonly NODE_ADDRESS=192.168.50.1
# The parent of the containers' control groups.
readonly GROUP=/brpath-$PREFIX
KEEPER='' INIT='' # unshare, and its child: the first process there
declare -A DAEMONS=() # name: the job that waits for it

# needs COMMAND...: programs from Debian's packages (scripts/deps --tests).
needs() {
	local command

	for command in "$@"; do
		command -v "$command" >/dev/null || fail "$command is missing; scripts/deps --tests installs it"
	done
}

in_runtime() { nsenter --target "$INIT" --mount --pid --net -- "$@"; }

# runtime_up: the node, the world outside, and the namespaces.
runtime_up() {
	mkdir -p "$ROOT/run" "$ROOT/var/lib"
	ln -s ../run "$ROOT/var/run"
	ip netns add "$NODE"
	ip -n "$NODE" link set lo up
	make_outside $NODE_ADDRESS
	in_node sysctl -qw net.ipv4.ip_forward=1
	# Its first process reads the silence, so it is there until it is killed, or the scene is; bash waits for whoever has
	# lost his parent.
	# shellcheck disable=SC2016 # the inner shell's
	nsenter --net="/run/netns/$NODE" setpriv --pdeathsig KILL \
		unshare --mount --propagation private --pid --fork --kill-child bash -ec '
		read -r outer_pid _ </proc/self/stat
		mount -t proc proc /proc
		mount --bind "$0/run" /run
		mount --bind "$0/var/lib" /var/lib
		echo "$outer_pid" >"$0/init.new"
		mv "$0/init.new" "$0/init"
		while :; do read -r _ || :; done' "$ROOT" <&"$SILENCE" 2>"$SCENE_DIR/keeper.log" &
	KEEPER=$!
	wait_for 20 test -e "$ROOT/init" || fail "no namespaces for a runtime: $(cat "$SCENE_DIR/keeper.log")"
	INIT=$(<"$ROOT/init")
}

groups_of_runtime() { find /sys/fs/cgroup -depth -type d -path "/sys/fs/cgroup*$GROUP*"; }

remove_groups() {
	local groups

	mapfile -t groups < <(groups_of_runtime)
	[ "${#groups[@]}" -eq 0 ] || rmdir "${groups[@]}"
}

# For also_at_exit: whatever there is of it.
runtime_down() {
	local name

	# Once the first process is gone all others and the mounts are, too.
	[ -z "$KEEPER" ] || {
		kill -KILL "${INIT:-$KEEPER}" 2>/dev/null || true
		wait "$KEEPER" 2>/dev/null || true
	}
	wait_for 10 remove_groups || printf '%s: control groups are left: %s\n' "$SCENE_NAME" "$(groups_of_runtime)" >&2
	for name in node outside; do
		[ ! -e "/run/netns/$PREFIX-$name" ] || ip netns del "$PREFIX-$name" || true
	done
}

# start_daemon NAME COMMAND...: in the background. It says to $SCENE_DIR/stderr-NAME what it says.
start_daemon() {
	# shellcheck disable=SC2016 # the inner shell's
	in_runtime bash -c 'echo "$$" >"$0" && exec "$@"' "$SCENE_DIR/$1.pid" "${@:2}" >>"$SCENE_DIR/stderr-$1" 2>&1 &
	DAEMONS[$1]=$!
}

# end_daemon NAME: as systemd would stop it.
end_daemon() {
	in_runtime kill "$(<"$SCENE_DIR/$1.pid")"
	# shellcheck disable=SC2016 # the inner shell's
	wait_for 60 bash -c '! kill -0 "$0"' "${DAEMONS[$1]}" || fail "$1 does not end"
	wait "${DAEMONS[$1]}" || true
}

# make_image FILE NAME: an archive, as `docker save` writes it, of an image with busybox and nothing else. It needs no
# registry.
make_image() {
	local folder=$SCENE_DIR/image layer config

	mkdir -p "$folder/layer/bin" "$folder/layer/tmp"
	cp "$(command -v busybox)" "$folder/layer/bin/busybox"
	ln -s busybox "$folder/layer/bin/sh"
	tar -C "$folder/layer" --owner 0 --group 0 -cf "$folder/layer.tar" .
	layer=$(sha256sum "$folder/layer.tar" | cut -d ' ' -f 1)
	jq -nc --arg layer "sha256:$layer" --arg machine "$(dpkg --print-architecture)" '{architecture: $machine, os: "linux",
		config: {Env: ["PATH=/bin"], Cmd: ["busybox", "sleep", "86400"]},
		rootfs: {type: "layers", diff_ids: [$layer]}}' >"$folder/config.json"
	config=$(sha256sum "$folder/config.json" | cut -d ' ' -f 1)
	mv "$folder/config.json" "$folder/$config.json"
	jq -nc --arg config "$config.json" --arg name "$2" '[{Config: $config, RepoTags: [$name],
		Layers: ["layer.tar"]}]' >"$folder/manifest.json"
	tar -C "$folder" -cf "$1" "$config.json" layer.tar manifest.json
}

# datagrams COUNT FROM FROM-NAMESPACE-COMMAND TO PORT RECEIVER-ADDRESS RECEIVER-PORT RECEIVER-NAMESPACE-COMMAND: sent by
# a process in the one namespace, and every one of them received by one in the other. The commands are functions.
datagrams() {
	local count=$1 from=$2 sender=$3 to=$4 port=$5 on=$6 on_port=$7 receiver=$8 received=$SCENE_DIR/received job

	: >"$received"
	$receiver "$TRAFFIC" receive --on "$on" --port "$on_port" --count "$count" >"$received" &
	job=$!
	wait_for 20 grep -q ready "$received" || fail "nobody receives at $on:$on_port"
	$sender "$TRAFFIC" udp --from "$from" --to "$to" --port "$port" --count "$count"
	wait "$job" || fail "the receiver at $on:$on_port"
	same "datagrams from $from to $to:$port that came" "$count" "$(tail -n 1 "$received")"
}

# rows PROTOCOL: the pairs of the summary by their names; how many frames went to the server, but for TCP, which decides
# that itself.
rows() {
	summary ".pairs[] | select(.protocol == \"$1\") | [.client.name // .client.ip, \">\", .server.name // .server.ip,
		.service.name // \"-\", if .protocol == \"tcp\" then empty else .to_server.frames end] | join(\" \")" |
		sed "s/\b$(uname -n)\b/HOST/g" | LC_ALL=C sort
}

# expect_rows WHAT PROTOCOL EXPECTED: in the newest summary of each of the backends, in any order.
expect_rows() {
	local backend

	await_fresh "$backends"
	for backend in $backends; do
		SUMMARY=$SCENE_DIR/last.json
		printf '%s\n' "${LAST[$backend]}" >"$SUMMARY"
		same "$backend: $1" "$(LC_ALL=C sort <<<"$3")" "$(rows "$2")"
	done
}

# check_end: the last summaries, after observe_all_stop.
check_end() {
	local backend

	for backend in $backends; do
		look_at "$backend"
		check_every_summary "$backend"
		keep_last
		check_sums
		same "$backend: the last summary" "$(LC_ALL=C sort <<<"$expected")" "$(rows udp)"
	done
}

# await_state BACKENDS SOURCE STATE[, WHY]: until each says so in its newest summary. Reads LAST (lib/streams.sh).
# shellcheck disable=SC2004 # LINES has names for keys
await_state() {
	local backend end=$((SECONDS + 60)) seen

	for backend in $1; do
		until
			await_summary "$backend" $((LINES[$backend] + 1)) 60 || fail "$backend: ${LOST[$backend]}"
			seen=$(jq -r ".names.sources[] | select(.id == \"$2\") | [.state, .why // empty] | join(\", \")" \
				<<<"${LAST[$backend]}")
			[ "$seen" = "$3" ]
		do
			[ "$SECONDS" -lt "$end" ] || fail "$backend: the source $2 is $seen, not $3"
		done
		checks=$((checks + 1))
	done
}
