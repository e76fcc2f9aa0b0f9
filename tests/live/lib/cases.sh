# SPDX-License-Identifier: BSD-2-Clause
# What is "unused" here is lib.sh's or the scenes'.
# shellcheck shell=bash disable=SC2034
# Scenes of many cases: each is judged for each backend, and one that fails does not keep the others from being
# judged. Sourced after lib.sh.
#
# One observation serves many cases, told apart by addresses, and its summary is read into tables by one jq: in an
# emulated guest each program that is started is felt.
#
# From the environment: BRPATH_REQUIRE_SHAPES=all (a case that the kernel cannot do fails in place of being skipped),
# BRPATH_MATRIX (file; a line is added for each case and backend: kernel, backend, case, pass|FAIL|skip, detail).

readonly EDGE="$PREFIX-edge" # where the far ends are of all devices that a scene adds to the node
readonly NODE_MAC=02:42:0a:f4:01:01 FRONTEND_MAC=02:42:0a:f4:01:11 CART_MAC=02:42:0a:f4:01:12
KERNEL=$(uname -r)
judged_backend='' judged_setting=''
passed_cases=0 failed_cases=0 skipped_cases=0
problems=()
declare -A PAIR=()   # [client server protocol [service] [vlan N]]: to_server and to_client, as pair_counts has them
declare -A BYTES=()  # the same: bytes to_server, bytes to_client
declare -A PORTS=()  # the same: client's port>server's port
declare -A FRAMES=() # path: frames in total
declare -A COUNTER=() ARRIVED=()

in_edge() { nsenter --net="/run/netns/$EDGE" "$@"; }

# edge_up: a namespace whose devices say nothing of their own.
edge_up() {
	ip netns add "$EDGE"
	in_edge sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv4.ip_forward=0
}

edge_down() {
	[ -e "/run/netns/$EDGE" ] || return 0
	# Its devices first: what a namespace holds when it is removed, the kernel removes some time later.
	in_edge ip -o link show type veth | sed -E 's/^[0-9]+: ([^@:]+).*/link del \1/' | in_edge ip -batch - || true
	ip netns del "$EDGE"
}

# set_setting 0|1
set_setting() { in_node sysctl -qw "net.bridge.bridge-nf-call-iptables=$1" "net.bridge.bridge-nf-call-ip6tables=$1"; }

# send_frames NAMESPACE DEVICE FROM-MAC TO-MAC SOURCE DESTINATION COUNT [options of brpath_traffic frame]: of a protocol
# that conntrack follows whatever is in it, and that nobody answers where count_arrivals is.
send_frames() {
	nsenter --net="/run/netns/$PREFIX-$1" "$TRAFFIC" frame --device "$2" --from "$3" --to "$4" --protocol 253 \
		--source "$5" --destination "$6" --count "$7" "${@:8}"
}

# count_arrivals NAMESPACE...: from here on each of them takes UDP and send_frames' frames, and answers none. Tunnels
# are let through to their end. Netfilter's own counters tell how many came.
count_arrivals() {
	local namespace
	for namespace in "$@"; do
		nsenter --net="/run/netns/$PREFIX-$namespace" nft -f - <<-END
			table ip arrivals {
				set seen {
					type ipv4_addr . ipv4_addr
					flags dynamic
					counter
				}
				chain prerouting {
					type filter hook prerouting priority -300;
					udp dport 4789 accept
					ip protocol { 17, 253 } update @seen { ip saddr . ip daddr counter } drop
				}
			}
		END
	done
}

# read_arrivals NAMESPACE...: ARRIVED[source destination]; and begins anew.
read_arrivals() {
	local namespace addresses packets before

	ARRIVED=()
	for namespace in "$@"; do
		nsenter --net="/run/netns/$PREFIX-$namespace" nft -j list set ip arrivals seen
		nsenter --net="/run/netns/$PREFIX-$namespace" nft flush set ip arrivals seen
	done | jq -r '.nftables[].set.elem // empty | .[].elem | [(.val.concat | join(" ")), .counter.packets] | @tsv' \
		>"$SCENE_DIR/arrivals"
	while IFS=$'\t' read -r addresses packets; do
		before=${ARRIVED["$addresses"]:-0}
		ARRIVED["$addresses"]=$((before + packets))
	done <"$SCENE_DIR/arrivals"
}

# counters_start, counters_stop: COUNTER[rx|tx|rx_bytes device] of the node's devices, what came in between.
counters_start() { COUNTER=() && add_counters -1; }
counters_stop() { add_counters 1; }

add_counters() {
	local sign=$1 counter packets before

	in_node ip -j -s link | jq -r '.[] | ["rx", .ifname, .stats64.rx.packets], ["tx", .ifname, .stats64.tx.packets],
		["rx_bytes", .ifname, .stats64.rx.bytes] | "\(.[0]) \(.[1])\t\(.[2])"' >"$SCENE_DIR/counters"
	while IFS=$'\t' read -r counter packets; do
		before=${COUNTER["$counter"]:-0}
		COUNTER["$counter"]=$((before + sign * packets))
	done <"$SCENE_DIR/counters"
}

# observe_also BACKENDS NAME [options]: one more brpath for each backend, until observe_all_stop. judge takes
# BACKEND-NAME.
observe_also() {
	local backend backends=$1 name=$2
	shift 2
	for backend in $backends; do
		launch "$SCENE_DIR/ready-$backend-$name" "$SCENE_DIR/summary-$backend-$name.json" \
			"$SCENE_DIR/stderr-$backend-$name" --backend "$backend" "$@"
		OBSERVERS["$backend-$name"]=$!
	done
	for backend in $backends; do
		await_ready "$SCENE_DIR/ready-$backend-$name" "${OBSERVERS["$backend-$name"]}" ||
			fail "brpath observe --backend $backend $* was not ready"
	done
}

# Rows of table, key and value. What a direction is like stands as in pair_counts.
readonly TABLES='
	def one: [(.frames | tostring), ([.paths | to_entries[] | "\(.key)=\(.value)"] | join(",")),
		([to_entries[] | select((.key | IN("tracked", "untracked", "hooked", "bypassed", "unknown", "none"))
		and .value > 0) | "\(.key)=\(.value)"] | join(","))] | join("/");
	def name: [.client.ip, .server.ip, .protocol, (.service.ip // empty), (.vlan // empty | "vlan \(.)")] | join(" ");
	(.pairs[] | select(.client.ip != null) | ["PAIR", name, "\(.to_server | one) \(.to_client | one)"],
		["BYTES", name, "\(.to_server.bytes) \(.to_client.bytes)"],
		["PORTS", name, "\(.client.port_device)>\(.server.port_device)"]),
	(.frames | to_entries[] | ["FRAMES", .key, .value]),
	["FRAMES", "below zero", ([.frames, .losses, .pairs | .. | numbers | select(. < 0)] | length)]'

# judge BACKEND SETTING [OBSERVER]: the cases that follow are about these. Fills PAIR, BYTES, PORTS and FRAMES from the
# summary of that observer (or else of the backend's), and judges its identities.
judge() {
	local table key value

	judged_backend=$1 judged_setting=$2
	look_at "${3:-$1}"
	PAIR=() BYTES=() PORTS=() FRAMES=()
	summary "$TABLES | @tsv" >"$SCENE_DIR/tables"
	while IFS=$'\t' read -r table key value; do
		declare -n place=$table # one of the arrays
		place["$key"]=$value
	done <"$SCENE_DIR/tables"
	(check_sums && check_lossless) 2>"$SCENE_DIR/sums" || problems+=("$(head -n 1 "$SCENE_DIR/sums")")
	expect "counts below zero" 0 "${FRAMES["below zero"]}"
	end_case "sums${3:+ of $3}"
}

# expect_pair NAME COUNTS [PORTS]
expect_pair() {
	expect "$1" "$2" "${PAIR["$1"]:-no such pair}"
	[ "$#" -lt 3 ] || expect "ports of $1" "$3" "${PORTS["$1"]:-}"
}

# expect_no_pair NAME
expect_no_pair() { expect "$1" "no such pair" "${PAIR["$1"]:-no such pair}"; }

# expect_frames SOURCE DESTINATION COUNT PATH HANDLING [PORTS]: what send_frames sent in one direction.
expect_frames() {
	expect_pair "$1 $2 ip-253" "$3/$4=$3/$5=$3 0//" "${@:6}"
}

# expect_paths NAME PATHS [PORTS]: without the handling, where docs/support.md says that backends know more or less.
expect_paths() {
	local seen=${PAIR["$1"]:-no such pair}
	seen=${seen%% *}
	expect "$1" "$2" "${seen%/*}"
	[ "$#" -lt 3 ] || expect "ports of $1" "$3" "${PORTS["$1"]:-}"
}

# expect_arrived SOURCE DESTINATION COUNT
expect_arrived() { expect "$1 arrived at $2" "$3" "${ARRIVED["$1 $2"]:-0}"; }

# expect WHAT EXPECTED SEEN: part of the case that end_case ends.
expect() {
	[ "$2" = "$3" ] || problems+=("$1: expected '$2', saw '$3'")
}

# end_case CASE: what was expected since the last one belongs to this.
end_case() {
	local name="$1, setting $judged_setting" detail

	if [ "${#problems[@]}" -eq 0 ]; then
		passed_cases=$((passed_cases + 1))
		record "$judged_backend" "$name" pass ''
		return
	fi
	failed_cases=$((failed_cases + 1))
	printf -v detail '%s; ' "${problems[@]}"
	record "$judged_backend" "$name" FAIL "${detail%; }"
	printf '%s: FAILED: %s: %s\n' "$SCENE_NAME" "$judged_backend" "$name" >&2
	printf '    %s\n' "${problems[@]}" >&2
	problems=()
}

# skip_case CASE MISSING-FEATURE
skip_case() {
	local name="$1, setting $judged_setting"

	if [ "${BRPATH_REQUIRE_SHAPES:-}" = all ]; then
		problems+=("required here: $2")
		end_case "$1"
		return
	fi
	problems=()
	skipped_cases=$((skipped_cases + 1))
	record "$judged_backend" "$name" skip "$2"
	printf '%s: SKIPPED: %s: %s: %s\n' "$SCENE_NAME" "$judged_backend" "$name" "$2"
}

# record BACKEND CASE pass|FAIL|skip DETAIL
record() {
	[ -z "${BRPATH_MATRIX:-}" ] ||
		printf '%s\t%s\t%s: %s\t%s\t%s\n' "$KERNEL" "$1" "${CASE_KIND:-shape}" "$2" "$3" "$4" >>"$BRPATH_MATRIX"
}

# end_scene: says how many there were. Its status is the scene's.
end_scene() {
	checks=$((checks + passed_cases))
	[ $((failed_cases + skipped_cases)) -eq 0 ] || printf '%s: %d cases passed, %d failed, %d SKIPPED\n' \
		"$SCENE_NAME" "$passed_cases" "$failed_cases" "$skipped_cases"
	[ "$failed_cases" -eq 0 ]
}
