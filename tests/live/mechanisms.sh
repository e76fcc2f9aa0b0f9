#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A Service whose servers are on the client's bridge, translated by each mechanism in turn: the same finding from each
# with the setting 0, none with 1. And none with 0 where the source is translated as well: then the replies go up to
# the node anyway, and the Service answers. Oracles: curl's status, packets and bytes of each connection as conntrack
# or IPVS counted them, the ports' own counters.
#
# A mechanism that this kernel lacks is skipped by name. BRPATH_REQUIRE_MECHANISMS has the names of those that must be
# there, or "all". BRPATH_MATRIX names a file that gets a line for each backend and mechanism, with tabs between:
# kernel, backend, "service: " and the mechanism, pass|FAIL|skip, detail.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/mechanisms/install.sh
. "$(dirname "$0")/mechanisms/install.sh"
# shellcheck source=tests/live/mechanisms/check.sh
. "$(dirname "$0")/mechanisms/check.sh"

# Their number gives each a Service address, a Service port and client ports of its own.
readonly MECHANISMS=(
	ipvs-without-conntrack # no rule needs conntrack: it is not registered in the node
	ipvs                   # net.ipv4.vs.conntrack=0: IPVS takes conntrack's entry away from what it translates
	ipvs-conntrack
	iptables-nft iptables-nft-ipv6
	iptables-legacy
	nftables-map nftables-map-ipv6
	kube-proxy kube-proxy-ipv6
	kube-proxy-masquerade kube-proxy-masquerade-ipv6
)
readonly CALLS_MAX=40 # until kube-proxy's dice have chosen both servers; so many miss one of them once in 2^39 runs
readonly TOTAL="all together"

declare -A MISSING=() # mechanism: the feature
declare -A FAILED=()  # backend and mechanism: the first thing that was wrong
HTTPD=
failures=0

also_at_exit() { [ -z "$HTTPD" ] || kill "$HTTPD" 2>/dev/null || true; }

# describe MECHANISM: sets what all functions here are about.
describe() {
	local i

	MECHANISM=$1
	for i in "${!MECHANISMS[@]}"; do
		[ "${MECHANISMS[i]}" != "$1" ] || NUMBER=$((i + 1))
	done
	PORT=$((80 + NUMBER))
	case $1 in
	*-ipv6)
		FAMILY=6 CLIENT=fd00:244:1::11 VIP=fd00:96::1:$NUMBER SERVERS=(fd00:244:1::12 fd00:244:1::13)
		SERVICE="[$VIP]:$PORT" TARGETS=("[${SERVERS[0]}]:8080" "[${SERVERS[1]}]:8080")
		;;
	*)
		FAMILY=4 CLIENT=10.244.1.11 VIP=10.96.1.$NUMBER SERVERS=(10.244.1.12 10.244.1.13)
		SERVICE=$VIP:$PORT TARGETS=("${SERVERS[0]}:8080" "${SERVERS[1]}:8080")
		;;
	esac
	[[ $1 == kube-proxy* ]] || SERVERS=("${SERVERS[0]}") TARGETS=("${TARGETS[0]}")
	case $1 in
	ipvs-without-conntrack) HANDLING=hooked ;;
	ipvs) HANDLING=untracked ;;
	*) HANDLING=tracked ;;
	esac
	COUNTED=$SCENE_DIR/counted-$MECHANISM
}

# is_broken SETTING: the replies do not find back.
is_broken() { [ "$1" = 0 ] && [[ $MECHANISM != *masquerade* ]]; }

pod_of() {
	case $1 in
	*12) echo cart ;;
	*13) echo dns ;;
	esac
}

# attempt COMMAND...: in a shell of its own, so that what fails there ends nothing else. ATTEMPT says how it went, and
# WRONG what was wrong. Do not call it where bash forgets about errors: behind "if", "!" or before "||".
attempt() {
	WRONG=
	set +e
	(
		set -e
		"$@"
		echo "$checks" >"$SCENE_DIR/checks"
	) 2>"$SCENE_DIR/wrong"
	ATTEMPT=$?
	set -e
	if [ "$ATTEMPT" -eq 0 ]; then
		read -r checks <"$SCENE_DIR/checks"
		return
	fi
	WRONG=$(sed -n "s/^$SCENE_NAME: FAILED: //p" "$SCENE_DIR/wrong" | awk 'NR == 1')
	if [ -z "$WRONG" ]; then
		cat "$SCENE_DIR/wrong" >&2
		WRONG=$(tail -n 1 "$SCENE_DIR/wrong")
	fi
}

check_tools() {
	local tool

	for tool in iptables-nft-restore ip6tables-nft-restore iptables-legacy nft ipvsadm conntrack curl; do
		command -v "$tool" >/dev/null || fail "$tool is missing: scripts/deps --tests"
	done
}

check_required() {
	local name

	for name in ${BRPATH_REQUIRE_MECHANISMS:-}; do
		[[ " ${MECHANISMS[*]} all " == *" $name "* ]] || fail "BRPATH_REQUIRE_MECHANISMS: no mechanism is called $name"
	done
}

is_required() {
	[[ " ${BRPATH_REQUIRE_MECHANISMS:-} " == *" all "* || " ${BRPATH_REQUIRE_MECHANISMS:-} " == *" $1 "* ]]
}

# The lab's own rules go away, and a second server comes.
prepare_node() {
	"$LAB" up --name "$PREFIX" --static --setting 0 >"$SCENE_DIR/lab.log" 2>&1 || fail "$(cat "$SCENE_DIR/lab.log")"
	in_node iptables -t nat -F
	in_node ip6tables -t nat -F || true # as little as the lab's IPv6 rules are there
	in_node nft flush ruleset
	in_node sysctl -qw net.netfilter.nf_conntrack_acct=1
	load_modules
	mkdir "$SCENE_DIR/www"
	echo "dns: hello" >"$SCENE_DIR/www/index.html"
	nsenter --net="/run/netns/$PREFIX-dns" busybox httpd -f -p 8080 -h "$SCENE_DIR/www" & # not in_pod: $! is the server
	HTTPD=$!
	wait_for 20 server_listens || fail "the second server does not start"
}

server_listens() { in_pod dns ss -Hltn "sport = :8080" | grep .; }

# not_installed SETTING BACKENDS: a kernel that lacks something is one thing, a mistake another.
not_installed() {
	local missing

	missing=$(missing_feature)
	if [ -z "$missing" ] || [ "$1" != 0 ]; then
		ATTEMPT=1 WRONG="cannot be installed: $(cat "$SCENE_DIR/install")"
	elif is_required "$MECHANISM"; then
		ATTEMPT=1 WRONG="is required here: $missing"
	else
		printf '%s: %s: SKIPPED: %s\n' "$SCENE_NAME" "$MECHANISM" "$missing"
		ATTEMPT=0
	fi
	note_wrong "$2"
	MISSING[$MECHANISM]=${missing:-$WRONG}
}

# entries: what conntrack, or IPVS, has of the Service's calls.
entries() {
	case $MECHANISM in
	ipvs*) in_node ipvsadm -Ln --stats --exact -t "$SERVICE" ;;
	*) in_node conntrack -L -f "ipv$FAMILY" -p tcp -d "$VIP" 2>/dev/null ;;
	esac
}

# connections: entries as a line for each server: its address, calls, packets and bytes to it, packets and bytes of
# its replies that were translated, and how many of the calls lack a reply or have it sent to the bridge's address.
connections() {
	awk '$1 == "->" && $3 > 0 {
			sub(/:[0-9]+$/, "", $2)
			print $2, $3, $4, $6, $5, $7, ($5 == 0) * $3, 0
		}
		$1 == "tcp" {
			split("", seen)
			for (i = 1; i <= NF; i++)
				if (split($i, pair, "=") == 2) {
					seen[pair[1]]++
					values[pair[1] seen[pair[1]]] = pair[2]
				}
			server = values["src2"]
			calls[server]++
			packets[server] += values["packets1"]
			bytes[server] += values["bytes1"]
			replies[server] += values["packets2"]
			reply_bytes[server] += values["bytes2"]
			unreplied[server] += / \[UNREPLIED\] /
			to_bridge[server] += values["dst2"] ~ /^(10\.244\.1\.|fd00:244:1::)1$/
		}
		END {
			for (server in calls)
				print server, calls[server], packets[server], bytes[server], replies[server], reply_bytes[server],
					unreplied[server], to_bridge[server]
		}' "$SCENE_DIR/entries"
}

# call SETTING NUMBER: status 0 if the Service answered. The client's port tells this call from all others.
call() {
	local seconds=5

	! is_broken "$1" || seconds=0.5
	in_pod frontend curl -gsf -o /dev/null -m "$seconds" --local-port $((40000 + 1000 * $1 + CALLS_MAX * NUMBER + $2)) \
		"http://$SERVICE/"
}

# Nothing of a call is under way any more, so the mechanism may go.
calls_are_over() { ! in_pod frontend ss -Htn | grep .; }

# has_counted SETTING CALLS: IPVS adds up its counters every two seconds.
has_counted() {
	entries >"$SCENE_DIR/entries"
	connections >"$COUNTED-$1"
	[[ $MECHANISM != ipvs* ]] || awk -v calls="$2" '{ all += $2 } END { exit all != calls }' "$COUNTED-$1"
}

# has_reached_all SETTING CALLS
has_reached_all() {
	local reached

	is_broken "$1" || wait_for 10 calls_are_over || fail "$MECHANISM, $1: a connection stays open"
	wait_for 10 has_counted "$1" "$2" || fail "$MECHANISM, $1: not every call is counted: $(cat "$SCENE_DIR/entries")"
	mapfile -t reached <"$COUNTED-$1"
	[ "${#reached[@]}" -eq "${#SERVERS[@]}" ]
}

# translate SETTING: the frontend calls until each server had a call.
translate() {
	local what="$MECHANISM, $1:" calls=0 status

	until [ "$calls" -ge "${#SERVERS[@]}" ] && has_reached_all "$1" "$calls"; do
		calls=$((calls + 1))
		[ "$calls" -le "$CALLS_MAX" ] || fail "$what not every server was called"
		status=0
		call "$1" "$calls" || status=$?
		if is_broken "$1"; then
			same "$what curl gives up in time (28: timeout)" 28 "$status"
		else
			same "$what curl is answered" 0 "$status"
		fi
	done
	check_entries "$1" "$calls"
}

# check_entries SETTING CALLS: the mechanism is what its name says.
check_entries() {
	local what="$MECHANISM, $1: entries" calls unreplied to_bridge all=0 expected

	while read -r _ calls _ _ _ _ unreplied to_bridge; do
		expected="0 0"
		! is_broken "$1" || expected="$calls 0"
		[[ $MECHANISM != *masquerade* ]] || expected="0 $calls"
		same "$what without a reply, and with one to the bridge" "$expected" "$unreplied $to_bridge"
		all=$((all + calls))
	done <"$COUNTED-$1"
	same "$what" "$2" "$all"
	[[ $MECHANISM == ipvs* ]] || return 0
	[ "$HANDLING" = tracked ] || all=0
	same "$what of conntrack" "$all" "$(in_node conntrack -L -p tcp -d "$VIP" 2>/dev/null | wc -l)"
}

# note_wrong BACKENDS: the last attempt's result, for each of them.
note_wrong() {
	local backend

	[ "$ATTEMPT" -ne 0 ] || return 0
	failures=$((failures + 1))
	for backend in $1; do
		printf '%s: %s: %s: FAILED: %s\n' "$SCENE_NAME" "$backend" "$MECHANISM" "${WRONG:-unknown}" >&2
		FAILED["$backend $MECHANISM"]=${FAILED["$backend $MECHANISM"]:-${WRONG:-unknown}}
	done
}

# observe_setting SETTING: every backend at the same time, one mechanism after the other.
observe_setting() {
	local mechanism backend rx tx

	rx=$(port_packets rx) tx=$(port_packets tx)
	observe_all_start "$backends"
	for mechanism in "${MECHANISMS[@]}"; do
		[ -z "${MISSING[$mechanism]:-}" ] || continue
		describe "$mechanism"
		if install_mechanism 2>"$SCENE_DIR/install"; then
			attempt translate "$1"
			note_wrong "$backends"
		else
			not_installed "$1" "$backends"
		fi
		remove_mechanism
	done
	observe_all_stop
	RX=$(($(port_packets rx) - rx)) TX=$(($(port_packets tx) - tx))
	for backend in $backends; do
		check_backend "$1" "$backend"
	done
}

# check_backend SETTING BACKEND
check_backend() {
	local mechanism

	look_at "$2"
	read_facts
	MECHANISM=$TOTAL
	attempt check_total "$1"
	note_wrong "$2"
	for mechanism in "${MECHANISMS[@]}"; do
		[ -z "${MISSING[$mechanism]:-}" ] || continue
		describe "$mechanism"
		[ -e "$COUNTED-$1" ] || continue # its calls went wrong, which is said
		attempt check_mechanism "$1"
		note_wrong "$2"
	done
}

# report: a line for each backend and mechanism.
report() {
	local backend mechanism verdict detail

	for backend in $backends; do
		for mechanism in "${MECHANISMS[@]}" "$TOTAL"; do
			verdict=pass detail="a finding with 0, none with 1"
			if [ -n "${FAILED["$backend $mechanism"]:-}" ]; then
				verdict=FAIL detail=${FAILED["$backend $mechanism"]}
			elif [ -n "${MISSING[$mechanism]:-}" ]; then
				verdict=skip detail=${MISSING[$mechanism]}
			elif [[ $mechanism == *masquerade* ]]; then
				detail="no finding with 0 nor 1"
			elif [ "$mechanism" = "$TOTAL" ]; then
				detail="sums, losses, the ports' counters"
			fi
			[ -z "${BRPATH_MATRIX:-}" ] || printf '%s\t%s\tservice: %s\t%s\t%s\n' "$(uname -r)" "$backend" \
				"$mechanism" "$verdict" "$detail" >>"$BRPATH_MATRIX"
		done
	done
}

check_tools
check_required
prepare_node
backends=$(usable_backends)
observe_setting 0
[ "${#MISSING[@]}" -lt "${#MECHANISMS[@]}" ] || fail "this kernel has none of the mechanisms"
"$LAB" set 1 --name "$PREFIX" >/dev/null
in_node conntrack -F 2>/dev/null
observe_setting 1
report
[ "$failures" -eq 0 ]
