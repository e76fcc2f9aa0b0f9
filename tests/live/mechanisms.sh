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
readonly CALLS_MAX=40 # until kube-proxy's dice have chosen both servers: one in 2^39 runs is not enough

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
	grep -vE "^(evidence|fix|bytes|finding|pair) " "$SCENE_DIR/wrong" | head -n 20 >&2
	grep -hF -- " $VIP" "$SUMMARY" 2>/dev/null >&2 || true
	failures=$((failures + 1))
	WRONG=$(sed -n "s/^$SCENE_NAME: FAILED: //p" "$SCENE_DIR/wrong" | head -n 1)
	WRONG=${WRONG:-$(tail -n 1 "$SCENE_DIR/wrong")}
}

check_tools() {
	local tool

	for tool in iptables-nft iptables-nft-restore ip6tables-nft ip6tables-nft-restore iptables-legacy nft ipvsadm conntrack curl; do
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
	mkdir "$SCENE_DIR/www"
	echo "dns: hello" >"$SCENE_DIR/www/index.html"
	in_pod dns busybox httpd -f -p 8080 -h "$SCENE_DIR/www" &
	HTTPD=$!
	wait_for 20 server_listens || fail "the second server does not start"
}

server_listens() { in_pod dns ss -Hltn "sport = :8080" | grep .; }

find_missing() {
	local missing

	for mechanism in "${MECHANISMS[@]}"; do
		describe "$mechanism"
		missing=$(missing_feature)
		[ -n "$missing" ] || continue
		MISSING[$mechanism]=$missing
		if is_required "$mechanism"; then
			failures=$((failures + 1))
			printf '%s: FAILED: %s is required here: %s\n' "$SCENE_NAME" "$mechanism" "$missing" >&2
		else
			printf '%s: %s: SKIPPED: %s\n' "$SCENE_NAME" "$mechanism" "$missing"
		fi
	done
}

# connections: a line for each server that the Service's calls went to: its address, calls, packets and bytes to it,
# and of its replies those that were translated. Whoever translates counts.
connections() {
	case $MECHANISM in
	ipvs*)
		in_node ipvsadm -Ln --stats --exact -t "$SERVICE" | awk '$1 == "->" && $3 > 0 {
			sub(/:[0-9]+$/, "", $2)
			print $2, $3, $4, $6, $5, $7
		}'
		;;
	*)
		in_node conntrack -L -f "ipv$FAMILY" -p tcp -d "$VIP" 2>/dev/null | awk '{
			split("", seen)
			split("", values)
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
		}
		END {
			for (server in calls)
				print server, calls[server], packets[server], bytes[server], replies[server], reply_bytes[server]
		}' | sort
		;;
	esac
}

# counted SETTING: the file with what connections said in the end.
counted() { echo "$SCENE_DIR/counted-$1-$MECHANISM"; }

# call SETTING NUMBER: status 0 if the Service answered. The client's port tells this call from all others.
call() {
	local seconds=5

	! is_broken "$1" || seconds=0.5
	in_pod frontend curl -gsf -o /dev/null -m "$seconds" --local-port $((40000 + 1000 * $1 + CALLS_MAX * NUMBER + $2)) \
		"http://$SERVICE/"
}

has_reached_all() {
	connections >"$(counted "$1")"
	[ "$(wc -l <"$(counted "$1")")" -eq "${#SERVERS[@]}" ]
}

# Nothing of a call is under way any more, so the mechanism may go.
calls_are_over() { ! in_pod frontend ss -Htn | grep .; }

# translate SETTING: the mechanism comes, the frontend calls until each server had a call, the mechanism goes.
translate() {
	local what="$MECHANISM, $1:" calls=0 status

	install_mechanism
	until has_reached_all "$1"; do
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
	wait_for 10 calls_are_over || fail "$what a connection stays open"
	connections >"$(counted "$1")"
	same "$what calls" "$calls" "$(awk '{ calls += $2 } END { print calls }' "$(counted "$1")")"
	check_entries "$1"
}

# What conntrack has of it is what the mechanism is about.
check_entries() {
	local entries=$SCENE_DIR/entries what="$MECHANISM, $1: conntrack's entries"

	in_node conntrack -L -f "ipv$FAMILY" -p tcp -d "$VIP" >"$entries" 2>/dev/null || true
	case $MECHANISM in
	ipvs-without-conntrack | ipvs) same "$what" 0 "$(wc -l <"$entries")" ;;
	*masquerade*) same "$what that are not answered to the bridge" 0 "$(grep -cvE "src=.* src=.* dst=(10\.244\.1\.1|fd00:244:1::1) .*\[ASSURED\]" "$entries" || true)" ;;
	*) same "$what" "$([ "$1" = 0 ] && wc -l <"$entries" || echo 0)" "$(grep -c UNREPLIED "$entries" || true)" ;;
	esac
}

# facts: the summary in lines, so that jq runs once for all mechanisms.
facts() {
	# shellcheck disable=SC2016 # jq's variables
	summary 'def members($names): to_entries | map(select((.key | IN($names[])) and .value > 0) | "\(.key)=\(.value)") | join(",");
		def direction: [(.frames | tostring), (.paths | to_entries | map("\(.key)=\(.value)") | join(",")),
			members(["tracked", "untracked", "hooked", "bypassed", "unknown", "none"]),
			(.bypass_reasons // {} | to_entries | map("\(.key)=\(.value)") | join(","))] | join("/");
		(.pairs[] | select(.service != null) |
			"pair \(.service.ip) \(.service.port) \(.client.ip)@\(.client.port_device) \(.server.ip)@\(.server.port_device) \(.to_server | direction) \(.to_client | direction) [\(.findings | join(","))]",
			"bytes \(.service.ip) \(.service.port) \(.server.ip) \(.to_server.bytes) \(.to_client.bytes)"),
		(.findings[] | . as $finding | .evidence |
			"finding \(.service) \($finding.id) \(.protocol) \(.clients) \(.servers | split(", ") | sort | join(","))",
			"evidence \(.service) \(.untranslated_replies) \(.client_resets) \(.syn_retransmissions) \(.["bypassed_sysctl-off"])",
			"fix \(.service) \($finding.fix | length) \($finding.fix[0] | split(" ") | last)")'
}

# fact WORDS: the one line that begins so, without its end.
fact() { grep -F -- "$* " "$SUMMARY" || echo none; }

# check_pairs SETTING: each call's way there and back, in the numbers that the translator counted.
check_pairs() {
	local what="$1: the pair with" finding='' paths=bridged
	local server calls packets bytes replies reply_bytes pair to_server to_client

	[[ $MECHANISM != ipvs* ]] || paths=routed # IPVS takes what is for a local address
	[ "$1" = 1 ] || paths=routed
	same "$1: pairs" "${#SERVERS[@]}" "$(grep -cF "pair $VIP $PORT " "$SUMMARY" || true)"
	while read -r server calls packets bytes replies reply_bytes; do
		pair="pair $VIP $PORT $CLIENT@veth-frontend $server@veth-$(pod_of "$server")"
		if is_broken "$1"; then
			same "$what $server: replies that the translator saw" 0 "$replies"
			# Each request got its answer by the bridge, from a stranger: a RST, by the bridge as well.
			to_server=$((2 * packets))/bridged=$packets,routed=$packets/$HANDLING=$packets,bypassed=$packets/sysctl-off=$packets
			to_client=$packets/bridged=$packets/bypassed=$packets/sysctl-off=$packets
			finding=reply-not-translated
		else
			at_least "$what $server: requests that the translator saw" $((4 * calls)) "$packets"
			at_least "$what $server: replies that the translator saw" $((3 * calls)) "$replies"
			to_server=$packets/$paths=$packets/$HANDLING=$packets/
			[ "$1 $paths" != "1 routed" ] || paths=bridged # the replies of IPVS: they are not for a local address
			to_client=$replies/$paths=$replies/$HANDLING=$replies/
			same "$what $server: bytes" "bytes $VIP $PORT $server $((bytes + 14 * packets)) $((reply_bytes + 14 * replies))" \
				"$(fact "bytes $VIP $PORT $server")"
		fi
		same "$what $server" "$pair $to_server $to_client [$finding]" "$(fact "$pair")"
	done <"$(counted "$1")"
}

check_finding() {
	local servers fix=net.bridge.bridge-nf-call-iptables=1

	if ! is_broken "$1"; then
		same "$1: finding" none "$(fact "finding $SERVICE")"
		return
	fi
	[ "$FAMILY" = 4 ] || fix=net.bridge.bridge-nf-call-ip6tables=1
	servers=$PREFIX-cart
	[ "${#SERVERS[@]}" -eq 1 ] || servers+=,$PREFIX-dns
	same "$1: finding" "finding $SERVICE reply-not-translated tcp $PREFIX-frontend $servers" "$(fact "finding $SERVICE")"
	same "$1: evidence" "evidence $SERVICE $(awk '{ calls += $2; packets += $3 }
		END { print packets, packets, packets - calls, packets }' "$(counted "$1")")" "$(fact "evidence $SERVICE")"
	same "$1: fix" "fix $SERVICE 1 $fix" "$(fact "fix $SERVICE")"
}

check_mechanism() {
	check_pairs "$1"
	check_finding "$1"
}

# check_total SETTING: nothing but what the mechanisms account for.
check_total() {
	local pairs=0 findings=0 mechanism

	check_sums
	check_lossless
	same "$1: entered is what the ports received" "$RX" "$(summary .frames.entered)"
	same "$1: what left is what the ports sent" "$TX" "$(summary '.frames | .bridged + .routed + .egress')"
	for mechanism in "${MECHANISMS[@]}"; do
		[ -z "${MISSING[$mechanism]:-}" ] || continue
		describe "$mechanism"
		pairs=$((pairs + ${#SERVERS[@]}))
		! is_broken "$1" || findings=$((findings + 1))
	done
	same "$1: pairs" "$pairs" "$(summary '.pairs | length')"
	same "$1: findings" "$findings" "$(summary '.findings | length')"
	same "$1: effective settings" "$1 $1" "$(summary '.bridges[0].settings | "\(.ipv4.effective) \(.ipv6.effective)"')"
}

# note_wrong BACKENDS: the last attempt's result, for each of them.
note_wrong() {
	local backend

	[ "$ATTEMPT" -ne 0 ] || return 0
	for backend in $1; do
		FAILED[$backend $MECHANISM]=${FAILED[$backend $MECHANISM]:-${WRONG:-unknown}}
	done
}

observe_setting() {
	local setting=$1 mechanism backend rx tx

	"$LAB" set "$setting" --name "$PREFIX" >/dev/null
	in_node conntrack -F 2>/dev/null
	rx=$(port_packets rx) tx=$(port_packets tx)
	observe_all_start "$backends"
	for mechanism in "${MECHANISMS[@]}"; do
		[ -z "${MISSING[$mechanism]:-}" ] || continue
		describe "$mechanism"
		attempt translate "$setting"
		note_wrong "$backends"
		remove_mechanism
	done
	observe_all_stop
	RX=$(($(port_packets rx) - rx)) TX=$(($(port_packets tx) - tx))
	for backend in $backends; do
		check_backend "$setting" "$backend"
	done
}

# check_backend SETTING BACKEND
check_backend() {
	local mechanism

	look_at "$2"
	MECHANISM="everything together"
	attempt check_total "$1"
	note_wrong "$2"
	facts >"$SCENE_DIR/facts-$2"
	SUMMARY=$SCENE_DIR/facts-$2
	for mechanism in "${MECHANISMS[@]}"; do
		[ -z "${MISSING[$mechanism]:-}" ] || continue
		describe "$mechanism"
		attempt check_mechanism "$1"
		note_wrong "$2"
	done
}

# report: a line for each backend and mechanism.
report() {
	local backend mechanism verdict detail

	for backend in $backends; do
		for mechanism in "${MECHANISMS[@]}" "everything together"; do
			verdict=pass detail="a finding with 0, none with 1"
			if [ -n "${MISSING[$mechanism]:-}" ]; then
				verdict=skip detail=${MISSING[$mechanism]}
				! is_required "$mechanism" || verdict=FAIL
			elif [ -n "${FAILED[$backend $mechanism]:-}" ]; then
				verdict=FAIL detail=${FAILED[$backend $mechanism]}
				printf '%s: %s: %s: FAILED: %s\n' "$SCENE_NAME" "$backend" "$mechanism" "$detail" >&2
			elif [[ $mechanism == *masquerade* ]]; then
				detail="no finding with 0 nor 1"
			elif [ "$mechanism" = "everything together" ]; then
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
find_missing
[ "${#MISSING[@]}" -lt "${#MECHANISMS[@]}" ] || fail "this kernel has none of the mechanisms"
observe_setting 0
observe_setting 1
report
[ "$failures" -eq 0 ]
