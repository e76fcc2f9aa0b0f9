# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What a summary has to say about each mechanism. Reads what describe() of the scene sets, and what connections() of the
# scene wrote for it: who was called, and how many packets the translator counted.

# The scene's variables.
# shellcheck disable=SC2153,SC2154

declare -A FACTS=() # of the summary that is looked at

# facts: the summary in lines, so that jq runs once for all mechanisms. A key, a tab, a value.
facts() {
	# shellcheck disable=SC2016 # jq's variables
	summary 'def positive($names): to_entries | map(select((.key | IN($names[])) and .value > 0) | "\(.key)=\(.value)") | join(",");
		def direction: [(.frames | tostring), (.paths | to_entries | map("\(.key)=\(.value)") | join(",")),
			positive(["tracked", "untracked", "hooked", "bypassed", "unknown", "none"]),
			(.bypass_reasons // {} | to_entries | map("\(.key)=\(.value)") | join(","))] | join("/");
		(.pairs[] | "\(.service.ip):\(.service.port) \(.client.ip) \(.server.ip)" as $who |
			"pair \($who)\t\(.client.port_device) \(.server.port_device) \(.to_server | direction) \(.to_client | direction) [\(.findings | join(","))]",
			"bytes \($who)\t\(.to_server.bytes) \(.to_client.bytes)"),
		(.findings[] | select(.id == "reply-not-translated") | . as $finding | .evidence |
			"finding \(.service)\t\($finding.id) \(.protocol) \(.clients) by \(.servers | split(", ") | sort | join(","))",
			"evidence \(.service)\t\(.untranslated_replies) \(.client_resets) \(.syn_retransmissions) \(.["bypassed_sysctl-off"])",
			"fix \(.service)\t\($finding.fix | length) \($finding.fix[0] | split(" ") | last)"),
		"pairs\t\(.pairs | length)", "findings\t\(.findings | length)",
		"entered\t\(.frames.entered)", "left\t\(.frames | .bridged + .routed + .egress)",
		"settings\t\(.bridges[0].settings | "\(.ipv4.effective) \(.ipv6.effective)")"'
}

read_facts() {
	local key value

	facts >"$SCENE_DIR/facts"
	FACTS=()
	while IFS=$'\t' read -r key value; do
		FACTS[$key]=$value
	done <"$SCENE_DIR/facts"
}

# check_pairs SETTING: each call's way there and back, in the numbers that the translator counted.
check_pairs() {
	local paths=routed reply_paths=routed who seen what
	local server calls packets bytes replies reply_bytes to_server to_client finding=''

	# br_netfilter translates in layer 2, but IPVS takes what has come to a local address.
	if [ "$1" = 1 ]; then
		reply_paths=bridged
		[[ $MECHANISM == ipvs* ]] || paths=bridged
	fi
	while read -r server calls packets bytes replies reply_bytes _; do
		who="$VIP:$PORT $CLIENT $server"
		seen=${FACTS["pair $who"]:-none}
		what="$1: the pair $who"
		if is_broken "$1"; then
			same "$what: replies that the translator saw" 0 "$replies"
			# Each request got its answer by the bridge, from a stranger: and a RST, by the bridge as well.
			to_server=$((2 * packets))/bridged=$packets,routed=$packets/$HANDLING=$packets,bypassed=$packets/sysctl-off=$packets
			to_client=$packets/bridged=$packets/bypassed=$packets/sysctl-off=$packets
			finding=reply-not-translated
		else
			at_least "$what: requests that the translator saw" $((4 * calls)) "$packets"
			at_least "$what: replies that the translator saw" $((3 * calls)) "$replies"
			to_server=$packets/$paths=$packets/$HANDLING=$packets/
			to_client=$replies/$reply_paths=$replies/$HANDLING=$replies/
			same "$what: bytes" "$((bytes + 14 * packets)) $((reply_bytes + 14 * replies))" "${FACTS["bytes $who"]:-none}"
		fi
		# What br_netfilter's conntrack translates on the bridge depends on the setting.
		[ "$1" = 0 ] || [ "$HANDLING" != tracked ] || finding=depends-on-bridge-netfilter
		[ "$1" = 0 ] || [ "$HANDLING" != hooked ] || finding=not-tracked-here
		same "$what" "veth-frontend veth-$(pod_of "$server") $to_server $to_client [$finding]" "$seen"
	done <"$COUNTED-$1"
}

# check_finding SETTING
check_finding() {
	local servers=$PREFIX-cart fix=net.bridge.bridge-nf-call-iptables=1 all_calls=0 all=0 calls packets

	if ! is_broken "$1"; then
		same "$1: finding for $SERVICE" none "${FACTS["finding $SERVICE"]:-none}"
		return
	fi
	[ "$FAMILY" = 4 ] || fix=net.bridge.bridge-nf-call-ip6tables=1
	[ "${#SERVERS[@]}" -eq 1 ] || servers+=,$PREFIX-dns
	while read -r _ calls packets _; do
		all_calls=$((all_calls + calls)) all=$((all + packets))
	done <"$COUNTED-$1"
	same "$1: finding for $SERVICE" "reply-not-translated tcp $PREFIX-frontend by $servers" \
		"${FACTS["finding $SERVICE"]:-none}"
	same "$1: evidence for $SERVICE" "$all $all $((all - all_calls)) $all" "${FACTS["evidence $SERVICE"]:-none}"
	same "$1: fix for $SERVICE" "3 $fix" "${FACTS["fix $SERVICE"]:-none}"
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
	for mechanism in "${MECHANISMS[@]}"; do
		[ -z "${MISSING[$mechanism]:-}" ] || continue
		describe "$mechanism"
		pairs=$((pairs + ${#SERVERS[@]}))
		! is_broken "$1" || findings=$((findings + 1))
	done
	# All that depends on the setting, and all that conntrack does not have.
	[ "$1" = 0 ] || findings=$((1 + $([ -n "${MISSING[ipvs-without-conntrack]:-}" ] && echo 0 || echo 1)))
	same "$1: entered is what the ports received" "$RX" "${FACTS[entered]}"
	same "$1: what left is what the ports sent" "$TX" "${FACTS[left]}"
	same "$1: pairs" "$pairs" "${FACTS[pairs]}"
	same "$1: findings" "$findings" "${FACTS[findings]}"
	same "$1: effective settings" "$1 $1" "${FACTS[settings]}"
}
