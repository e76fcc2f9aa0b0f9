#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Every state of br_netfilter, one after the other, while one brpath for each backend observes all of it at the same
# time. Each state has a client of its own, so that the last summary holds them apart. Oracles: nftables' counters in
# the forward chain say how many frames were hooked, conntrack's accounting how many it tracked, the ports' own
# counters how many there were.
#
# Prints one line for each backend and state, and appends it to the file BRPATH_MATRIX if that is set: kernel, backend,
# state, pass, FAIL or skip, and the missing feature or what was seen; separated by tabs.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/lib/streams.sh
. "$(dirname "$0")/lib/streams.sh"

readonly CART=10.244.1.12 CART6=fd00:244:1::12
readonly CLIENTS=10.99.0. CLIENTS6=fd00:99:: # and the number of the state
readonly VLAN=10
readonly PATIENCE=60 # seconds for what takes a few at most

# The states of the module bridge come last, with observers of their own: the lab's bridge goes with the module.
#
# state: its settings (br_netfilter there, effective for IPv4, for IPv6), the frames sent, and for each family how many
# and what is made of them. The order is that of the run: what a state changes holds for the next ones.
readonly STATES='
absent           false 0 0  plain  101 bypassed module-absent   53 bypassed module-absent
loaded           true  1 1  plain  103 tracked  -               59 tracked  -
sysctl-off       true  0 0  plain  107 bypassed sysctl-off      61 bypassed sysctl-off
sysctl-on        true  1 1  plain  109 tracked  -               67 tracked  -
attribute        true  1 0  plain  113 tracked  -               71 bypassed sysctl-off
attribute-ipv6   true  0 1  plain  127 bypassed sysctl-off      73 tracked  -
ipv4-only        true  1 0  plain  131 tracked  -               79 bypassed sysctl-off
ipv6-only        true  0 1  plain  137 bypassed sysctl-off      83 tracked  -
vlan-unfiltered  true  1 1  tagged 139 bypassed vlan-tagged     89 bypassed vlan-tagged
vlan-filtered    true  1 1  tagged 149 tracked  -               97 tracked  -
notrack          true  1 1  plain  151 untracked -              47 untracked -
no-conntrack     true  1 1  plain  157 hooked   -               43 hooked   -
unloaded         false 0 0  plain  163 bypassed module-absent   41 bypassed module-absent
bridge-later     false 0 0  plain  167 bypassed module-absent   37 bypassed module-absent
bridge-reloaded  false 0 0  plain  173 bypassed module-absent   31 bypassed module-absent
'

KERNEL=$(uname -r)
ORDER=()               # the states
declare -A CLIENT=()   # state: number
declare -A MISSING=()  # state: the feature it would need
declare -A PROBLEMS=() # backend/state: what is wrong besides the counts
declare -A RESULT=()   # backend/state: pass, FAIL or skip, and the detail
declare -A PREDICTED=() # state/family/frames: handlings and reason, as doctor says
declare -A PAIR=() SHOWN=() HOOKED=() TRACKED=()
ran=0 failures=0 had_br_netfilter=no

# result BACKEND STATE pass|FAIL|skip DETAIL
result() {
	RESULT["$1/$2"]=$3$'\t'$4
	case $3 in
	FAIL) failures=$((failures + 1)) ;;&
	FAIL | pass) ran=$((ran + 1)) ;;
	esac
}

# Also when the scene could not go on: what was found until then. The next scene of a guest wants the module.
also_at_exit() {
	local backend state

	[ "$had_br_netfilter" = no ] || [ -z "${BRPATH_OWN_MACHINE:-}" ] || modprobe -a bridge br_netfilter || true

	for backend in $ALL_BACKENDS; do
		for state in "${ORDER[@]}" totals; do
			[ -z "${RESULT["$backend/$state"]:-}" ] ||
				printf '%s\t%s\t%s\t%s\n' "$KERNEL" "$backend" "$state" "${RESULT["$backend/$state"]}"
		done
	done | tee -a "${BRPATH_MATRIX:-/dev/null}"
}

# verdict BACKEND STATE PROBLEMS
verdict() {
	if [ -z "$3" ]; then
		checks=$((checks + 1))
		result "$1" "$2" pass ''
	else
		result "$1" "$2" FAIL "${3# }"
	fi
}

# --- what this machine has

has_br_netfilter() { in_node test -d /proc/sys/net/bridge; }

# why_fixed MODULE IS-THERE: why it cannot be loaded and unloaded here; nothing if it can.
why_fixed() {
	if [ -e "/sys/module/$1/initstate" ] || modinfo -F filename "$1" 2>/dev/null | grep -q '\.ko'; then
		[ -n "${BRPATH_OWN_MACHINE:-}" ] || echo "the modules of this machine are not a test's to change"
	elif [ "$2" = yes ]; then
		echo "$1 is built in"
	else
		echo "this kernel has no $1"
	fi
}

find_missing() {
	local state fixed there=no

	fixed=$(why_fixed bridge yes)
	[ -z "$fixed" ] || MISSING["bridge-later"]=$fixed MISSING["bridge-reloaded"]=$fixed
	! has_br_netfilter || there=yes
	fixed=$(why_fixed br_netfilter "$there")
	[ -z "$fixed" ] || {
		[ "$there" = no ] || MISSING[absent]=$fixed
		MISSING[loaded]=$fixed MISSING[unloaded]=$fixed
	}
	[ -n "$fixed" ] && [ "$there" = no ] || return 0
	for state in "${ORDER[@]}"; do
		[[ $state == absent || $state == bridge-* ]] || MISSING[$state]="br_netfilter is not loaded, and $fixed"
	done
}

# --- how a state comes about

# settings IPV4 IPV6 [VLAN]
settings() {
	in_node sysctl -qw "net.bridge.bridge-nf-call-iptables=$1" "net.bridge.bridge-nf-call-ip6tables=$2" \
		"net.bridge.bridge-nf-filter-vlan-tagged=${3:-0}"
}

attributes() { in_node ip link set cni0 type bridge nf_call_iptables "$1" nf_call_ip6tables "$2"; }

no_track() {
	in_node nft -f - <<-END
		table inet raw {
			chain prerouting {
				type filter hook prerouting priority raw;
				ip saddr $CLIENTS${CLIENT[notrack]} notrack
				ip6 saddr $CLIENTS6${CLIENT[notrack]} notrack
			}
		}
	END
}

# The oracle's table stays: it needs no conntrack.
no_conntrack() {
	in_node nft -f - <<-END
		table inet raw
		delete table inet raw
		table ip nat
		delete table ip nat
		table ip6 nat
		delete table ip6 nat
	END
}

# The lab's bridge went with its module. Two ports are enough, and no IPv6: new devices in the node have none.
make_bridge() {
	modprobe bridge
	in_node ip -batch - <<-END
		link add cni0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
		link set cni0 up
		link set veth-frontend master cni0
		link set veth-cart master cni0
	END
	in_node bridge fdb replace "$CART_MAC" dev veth-cart master static
}

# problem BACKEND STATE WORDS
problem() { PROBLEMS["$1/$2"]+=" $3;"; }

# said WORDS FILE TIMES
said() { [ "$(grep -c "$1" "$2")" -ge "$3" ]; }

# says STATE BACKEND WORDS [TIMES]: waits until it has.
says() {
	wait_for "$PATIENCE" said "$3" "$SCENE_DIR/stderr-$2" "${4:-1}" || problem "$2" "$1" "does not say: $3"
}

# brpath waits for the module, and says so.
bridge_later() {
	local backend

	! has_br_netfilter || rmmod br_netfilter
	rmmod bridge
	FORMAT=ndjson launch_all "$backends" --interval 200ms
	for backend in $backends; do
		says bridge-later "$backend" "bridge module is not loaded"
	done
	make_bridge
	for backend in $backends; do
		await_ready "$SCENE_DIR/ready-$backend" "${OBSERVERS[$backend]}" ||
			problem "$backend" bridge-later "not ready when the bridge has come"
		says bridge-later "$backend" attached
	done
	open_streams "$backends"
}

# What is attached by fentry holds the module; the others let it go and attach again.
bridge_reloaded() {
	local backend

	if [[ " $backends " == *" fentry "* ]]; then
		! rmmod bridge 2>"$SCENE_DIR/rmmod" || problem fentry bridge-reloaded "the module can be unloaded"
		grep -q 'in use' "$SCENE_DIR/rmmod" || problem fentry bridge-reloaded "rmmod says: $(cat "$SCENE_DIR/rmmod")"
		end_observer fentry
	fi
	rmmod bridge
	for backend in "${!OBSERVERS[@]}"; do
		says bridge-reloaded "$backend" "bridge module is gone"
	done
	make_bridge
	for backend in "${!OBSERVERS[@]}"; do
		says bridge-reloaded "$backend" attached 2
	done
}

enter() {
	case $1 in
	absent) ;; # so it was before brpath started
	loaded) modprobe br_netfilter ;;
	sysctl-off) settings 0 0 ;;
	sysctl-on) settings 1 1 ;;
	attribute) settings 0 0 && attributes 1 0 ;;
	attribute-ipv6) attributes 0 1 ;;
	ipv4-only) attributes 0 0 && settings 1 0 ;;
	ipv6-only) settings 0 1 ;;
	vlan-unfiltered) settings 1 1 0 ;;
	vlan-filtered) settings 1 1 1 ;;
	notrack) settings 1 1 && no_track ;;
	no-conntrack) no_conntrack ;;
	unloaded) rmmod br_netfilter ;;
	bridge-later) bridge_later ;;
	bridge-reloaded) bridge_reloaded ;;
	esac
}

# --- what doctor says

# predict STATE: into PREDICTED, for each family and kind of frames: handlings with commas, and the reason.
predict() {
	local key value

	while read -r key value; do
		PREDICTED["$1/$key"]=$value
	done < <("$BRPATH" doctor --netns "$NODE" --format json 2>>"$SCENE_DIR/stderr-doctor" |
		jq -r '.namespaces[0].predictions[] | select(.bridge == "cni0")
			| "\(.family)/\(.frames) \(.handling | join(",")) \(.reason // "-")"')
}

# doctor_differs STATE FAMILY KIND HANDLING REASON: words, if what was seen is not among what doctor said.
doctor_differs() {
	local frames=plain said

	[ "$3" = plain ] || frames="vlan-tagged"
	said=${PREDICTED["$1/$2/$frames"]:-nothing}
	[[ ",${said% *}," == *",$4,"* && ${said#* } == "$5" ]] ||
		printf ' doctor about %s: "%s", seen: "%s %s";' "$2" "$said" "$4" "$5"
}

# --- traffic

# send_plain FROM TO COUNT
send_plain() {
	in_pod frontend "$TRAFFIC" udp --from "$1" --source-port 40000 --to "$2" --port 7001 --count "$3"
}

send_tagged() {
	in_pod frontend "$TRAFFIC" frame --device eth0 --from "$FRONTEND_MAC" --to "$CART_MAC" --vlan $VLAN --protocol 17 \
		--source "$1" --destination "$2" --source-port 40000 --port 7001 --count "$3"
}

# --- what was seen

# The frames that came to the forward chain, and those that conntrack has, of each client.
read_oracles() {
	local client packets

	while read -r client packets; do
		HOOKED[$client]=$packets
	done < <(in_node nft -j list chain inet states seen |
		jq -r '.nftables[].rule | select(.) | "\(.expr[0].match.right) \(.expr[1].counter.packets)"')
	while read -r client packets; do
		TRACKED[$client]=$packets
	done < <({
		in_node conntrack -L -f ipv4
		in_node conntrack -L -f ipv6
	} 2>/dev/null | sed -nE 's/^[^=]* src=([^ ]+) .* packets=([0-9]+) .* src=.*/\1 \2/p')
}

# read_summary BACKEND: pairs of the last summary, and the settings shown in each state.
read_summary() {
	local key value

	PAIR=() SHOWN=()
	while read -r key value; do
		PAIR[$key]=$value
	done < <(tail -n 1 "$SCENE_DIR/summary-$1.json" | jq -r '
		def parts: to_entries | map("\(.key)=\(.value)") | join(",");
		.pairs[] | "\(.client.ip)/\(.vlan // "-") \(.to_client.frames) \(.to_server | "\(.paths | parts) \(
			with_entries(select((.key | IN("tracked", "untracked", "hooked", "bypassed", "unknown", "none"))
			and .value > 0)) | parts) \(.bypass_reasons // {} | parts)")"')
	while read -r key value; do
		SHOWN[$key]=$value
	done < <(jq -r '"\(.state) \(.summary | "\(.module.br_netfilter) \(.bridges[0].settings
		| "\(.ipv4.effective) \(.ipv6.effective)")")"' "$SCENE_DIR/shown-$1")
}

# differs WHAT EXPECTED SEEN: words about a difference, if there is one
differs() { [ "$2" = "$3" ] || printf ' %s: expected "%s", saw "%s";' "$@"; }

# problems_of CLIENT VLAN FRAMES HANDLING REASON
problems_of() {
	local hooked=0 tracked=0 reason=

	[ "$4" = bypassed ] || hooked=$3
	[ "$4" != tracked ] || tracked=$3
	[ "$5" = - ] || reason=$5=$3
	differs "$1 in the forward chain" "$hooked" "${HOOKED[$1]:-none}"
	differs "$1 in conntrack" "$tracked" "${TRACKED[$1]:-0}"
	differs "$1" "0 bridged=$3 $4=$3${reason:+ $reason}" "${PAIR["$1/$2"]:-no pair}"
}

# judge BACKEND STATE MODULE IPV4 IPV6 KIND FRAMES HANDLING REASON FRAMES6 HANDLING6 REASON6
judge() {
	local backend=$1 state=$2 vlan=-

	[ "$6" = plain ] || vlan=$VLAN
	verdict "$backend" "$state" "${LOST[$backend]}${PROBLEMS["$backend/$state"]:-}$(
		[ "$backend $state" != "fentry bridge-reloaded" ] || exit 0 # the module stayed, and so it saw nothing new
		differs "settings shown" "$3 $4 $5" "${SHOWN[$state]:-nothing}"
		problems_of "$CLIENTS${CLIENT[$state]}" "$vlan" "${@:7:3}"
		problems_of "$CLIENTS6${CLIENT[$state]}" "$vlan" "${@:10:3}"
		doctor_differs "$state" ipv4 "$6" "$8" "$9"
		doctor_differs "$state" ipv6 "$6" "${11}" "${12}"
	)"
}

# Sums, losses and the ports' counters, as one line of the matrix.
judge_totals() {
	local problems

	tail -n 1 "$SCENE_DIR/summary-$1.json" >"$SCENE_DIR/last.json"
	SUMMARY=$SCENE_DIR/last.json
	problems=$( (
		check_sums
		check_lossless
		same "entered is what the ports received" "$RX" "$(summary .frames.entered)"
	) 2>&1) && problems='' || problems=$(head -n 1 <<<"$problems")
	verdict "$1" totals "$problems"
}

# --- the run

# for_each_state frames|bridge COMMAND...: with the row of each state of that group that can be here
for_each_state() {
	local group=$1 row
	shift

	while read -r -a row; do
		[ "${#row[@]}" -gt 0 ] || continue
		[[ ${row[0]} == bridge-* ]] && [ "$group" = frames ] && continue
		[[ ${row[0]} != bridge-* ]] && [ "$group" = bridge ] && continue
		[ -n "${MISSING[${row[0]}]:-}" ] || "$@" "${row[@]}"
	done <<<"$STATES"
}

number_states() {
	local state rest number=0

	while read -r state rest; do
		[ -n "$state" ] || continue
		CLIENT[$state]=$((number += 1))
		ORDER+=("$state")
	done <<<"$STATES"
}

# On the loopback device, where an address needs no word to the neighbours.
add_clients() {
	local state

	for state in "${ORDER[@]}"; do
		printf 'addr add %s%d/32 dev lo\naddr add %s%d/128 dev lo nodad\n' $CLIENTS "${CLIENT[$state]}" \
			$CLIENTS6 "${CLIENT[$state]}"
	done | in_pod frontend ip -batch -
}

make_oracles() {
	local state

	{
		printf 'table inet states {\n\tchain seen {\n\t\ttype filter hook forward priority 0;\n'
		for state in "${ORDER[@]}"; do
			printf '\t\tip saddr %s%d counter\n\t\tip6 saddr %s%d counter\n' $CLIENTS "${CLIENT[$state]}" \
				$CLIENTS6 "${CLIENT[$state]}"
		done
		printf '\t}\n}\n'
	} | in_node nft -f -
	in_node sysctl -qw net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_conntrack_udp_timeout=3600
}

# go_through STATE MODULE IPV4 IPV6 KIND FRAMES HANDLING REASON FRAMES6 ...
go_through() {
	local state=$1 kind=$5 backend

	enter "$state" || fail "cannot bring about the state $state"
	predict "$state"
	await_fresh "${!OBSERVERS[*]}"
	for backend in "${!OBSERVERS[@]}"; do
		printf '{"state":"%s","summary":%s}\n' "$state" "${LAST[$backend]:-null}" >>"$SCENE_DIR/shown-$backend"
	done
	"send_$kind" "$CLIENTS${CLIENT[$state]}" $CART "$6"
	"send_$kind" "$CLIENTS6${CLIENT[$state]}" $CART6 "$9"
	await_fresh "${!OBSERVERS[*]}"
}

end_observer() {
	local status=0

	kill -INT "${OBSERVERS[$1]}" 2>/dev/null || true
	wait "${OBSERVERS[$1]}" || status=$?
	unset "OBSERVERS[$1]"
	[ "$status" -eq 0 ] || LOST[$1]+=" it ended with status $status: $(tail -n 1 "$SCENE_DIR/stderr-$1")"
}

judge_group() {
	local backend

	for backend in "${!OBSERVERS[@]}"; do
		end_observer "$backend"
	done
	read_oracles
	for backend in $backends; do
		read_summary "$backend"
		for_each_state "$1" judge "$backend"
	done
}

skip_missing() {
	local backend state reason word

	for backend in $ALL_BACKENDS; do
		reason=$(why_not "$backend") word=skip
		[[ " ${BRPATH_REQUIRE_BACKENDS:-} " != *" $backend "* ]] || word=FAIL
		for state in "${ORDER[@]}"; do
			if [[ " $backends " != *" $backend "* ]]; then
				result "$backend" "$state" "$word" "$reason"
			elif [ -n "${MISSING[$state]:-}" ]; then
				result "$backend" "$state" skip "${MISSING[$state]}"
			fi
		done
	done
}

states_of_frames() {
	local backend rx

	[ -n "${MISSING[absent]:-}" ] || ! has_br_netfilter || rmmod br_netfilter
	rx=$(port_packets rx)
	FORMAT=ndjson observe_all_start "$backends" --interval 200ms
	open_streams "$backends"
	for_each_state frames go_through
	RX=$(($(port_packets rx) - rx))
	judge_group frames
	for backend in $backends; do
		judge_totals "$backend"
	done
}

states_of_bridge() {
	[ -z "${MISSING["bridge-later"]:-}" ] || return 0
	rm -f "$SCENE_DIR"/shown-*
	for_each_state bridge go_through
	judge_group bridge
}

number_states
lab_up --setting 0
pod_is_silent cart 7001
add_clients
make_oracles
FRONTEND_MAC=$(mac_of frontend)
CART_MAC=$(mac_of cart)
! has_br_netfilter || had_br_netfilter=yes
backends=$(BRPATH_REQUIRE_BACKENDS='' usable_backends) # one that is required and does not work is a FAIL below
find_missing
states_of_frames
states_of_bridge
skip_missing
[ "$ran" -gt 0 ] || {
	also_at_exit
	skip "no state can be here"
}
SUMMARY=
[ "$failures" -eq 0 ] || fail "$failures of $ran results"
