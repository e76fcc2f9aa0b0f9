#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# reply-not-translated where TCP does not tell: UDP, SCTP, and ICMP errors that quote what was translated, over IPv4 and
# IPv6. With the setting 0 each Service has its finding, with 1 the same traffic has none. (TCP and the mechanisms are
# the scene mechanisms.) Oracles: nftables' counters in the pods, of what came and from which address.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/lib/cases.sh
. "$(dirname "$0")/lib/cases.sh"

CASE_KIND=finding
# Of family 4 and 6.
declare -rA CLIENT=([4]=10.244.1.11 [6]=fd00:244:1::11) SERVER=([4]=10.244.1.12 [6]=fd00:244:1::12)
declare -rA VIP=([4]=10.96.0.30 [6]=fd00:96::30) NFT=([4]=ip [6]=ip6) ICMP=([4]=icmp [6]=icmpv6)
# Closed at the server; the server says nothing of its own; SCTP.
readonly CLOSED=7101 SILENT=7102 SCTP=3868
# How many datagrams, each answered by an ICMP error; replies by hand, over UDP and over SCTP.
readonly ERRORS=7 REPLIES=5 SCTP_REPLIES=11

service() { if [ "$1" = 6 ]; then echo "[${VIP[6]}]:$2"; else echo "${VIP[4]}:$2"; fi; }

# rules NAMESPACE CHAIN
rules() { nsenter --net="/run/netns/$PREFIX-$1" nft -f - <<<"table inet scene { $2"$'\n'"}"; }

prepare() {
	local pod family counters=''

	rules node "chain translate { type nat hook prerouting priority -100;
		ip daddr ${VIP[4]} dnat ip to ${SERVER[4]}; ip6 daddr ${VIP[6]} dnat ip6 to ${SERVER[6]}; }"
	# A hand-made frame has no CRC32c.
	in_node sysctl -qw net.netfilter.nf_conntrack_checksum=0
	for pod in frontend cart; do
		in_pod $pod sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
	done
	rules cart "chain input { type filter hook prerouting priority -300; udp dport $SILENT drop; meta l4proto sctp drop; }"
	for family in 4 6; do
		for address in "${VIP[$family]}" "${SERVER[$family]}"; do
			counters+="${NFT[$family]} saddr $address ${ICMP[$family]} type destination-unreachable counter
				${NFT[$family]} saddr $address udp sport $SILENT counter
				${NFT[$family]} saddr $address meta l4proto sctp counter
				"
		done
	done
	rules frontend "chain input { type filter hook prerouting priority -300; $counters meta l4proto sctp drop; }"
}

# arrived: what the client has got by now, by family: errors, datagrams and SCTP from the Service's address, then the
# same from the server's own.
arrived() {
	in_pod frontend nft -j list table inet scene |
		jq -r '[.. | .counter? | objects | .packets] | .[:6], .[6:] | join(" ")'
}

# by_hand FROM TO-MAC SOURCE DESTINATION PROTOCOL SOURCE-PORT PORT [options]
by_hand() {
	in_pod "$1" "$TRAFFIC" frame --device eth0 --from "$(mac_of "$1")" --to "$2" --source "$3" --destination "$4" \
		--protocol "$5" --source-port "$6" --port "$7" "${@:8}"
}

# What follows the ports: the tag that the receiver knows, no checksum, and one chunk: INIT or INIT ACK.
readonly INIT=0000000000000000010000141122334400010000000100010000000a
readonly INIT_ACK=1122334400000000020000145566778800010000000100010000000b

# What follows type and checksum of an ICMP error: the header of a datagram of 10.244.1.11:40001 to 10.244.1.99:7101,
# which cart is not.
readonly NOT_FOR_CART=000000004500001c00004000401100000af4010b0af401639c411bbd00080000
readonly TIME_EXCEEDED=$((11 << 8))

talk() {
	local family=$1 client=${CLIENT[$1]} server=${SERVER[$1]} vip=${VIP[$1]}

	in_pod frontend "$TRAFFIC" udp --from "$client" --source-port 40001 --to "$vip" --port $CLOSED --count $ERRORS
	[ "$family" = 6 ] ||
		by_hand cart "$FRONTEND_MAC" "$server" "$client" 1 $TIME_EXCEEDED 0 --payload $NOT_FOR_CART --count 3
	# The client's socket is closed again when the replies come.
	in_pod frontend "$TRAFFIC" udp --from "$client" --source-port 40002 --to "$vip" --port $SILENT --count 1
	by_hand cart "$FRONTEND_MAC" "$server" "$client" 17 $SILENT 40002 --count $REPLIES
	by_hand frontend "$NODE_MAC" "$client" "$vip" 132 40003 $SCTP --payload $INIT
	by_hand cart "$FRONTEND_MAC" "$server" "$client" 132 $SCTP 40003 --payload $INIT_ACK --count $SCTP_REPLIES
}

# finding FAMILY PORT: what that Service's finding says; "none" if there is none.
finding() {
	summary "[.findings[] | select(.id == \"reply-not-translated\" and .evidence.service == \"$(service "$1" "$2")\").evidence
		| \"\(.protocol) replies=\(.untranslated_replies) errors=\(.untranslated_errors // 0) client=\(.client_errors // 0)\",
		(.[\"bypassed_sysctl-off\"] // 0), .example_delivered, .example_reply, .example_expected, .example_client // empty] | join(\", \") | if . == \"\" then \"none\" else . end"
}

# ends FAMILY ADDRESS PORT CLIENT-PORT: as an example writes a request and its answer.
asks() { if [ "$1" = 6 ]; then echo "[${CLIENT[6]}]:$4 > [$2]:$3"; else echo "${CLIENT[4]}:$4 > $2:$3"; fi; }
answers() { if [ "$1" = 6 ]; then echo "[$2]:$3 > [${CLIENT[6]}]:$4"; else echo "$2:$3 > ${CLIENT[4]}:$4"; fi; }

judge_broken() {
	local family=$1 server=${SERVER[$1]} vip=${VIP[$1]}

	expect "finding" "udp replies=0 errors=$ERRORS client=0, $ERRORS, $(asks "$family" "$server" $CLOSED 40001), $(
		)ICMP error about $(asks "$family" "$server" $CLOSED 40001), ICMP error about $(asks "$family" "$vip" $CLOSED 40001)" \
		"$(finding "$family" $CLOSED)"
	end_case "UDP answered by an ICMP error, IPv$family"
	expect "finding" "udp replies=$REPLIES errors=0 client=$REPLIES, $REPLIES, $(asks "$family" "$server" $SILENT 40002), $(
		)$(answers "$family" "$server" $SILENT 40002), $(answers "$family" "$vip" $SILENT 40002), answers with an ICMP error" \
		"$(finding "$family" $SILENT)"
	end_case "UDP, rejected by the client, IPv$family"
	expect "finding" "sctp replies=$SCTP_REPLIES errors=0 client=0, $SCTP_REPLIES, $(asks "$family" "$server" $SCTP 40003), $(
		)$(answers "$family" "$server" $SCTP 40003), $(answers "$family" "$vip" $SCTP 40003)" "$(finding "$family" $SCTP)"
	end_case "SCTP, IPv$family"
}

judge_healthy() {
	local port words
	declare -A words=([$CLOSED]="UDP answered by an ICMP error" [$SILENT]="UDP, rejected by the client" [$SCTP]=SCTP)

	for port in $CLOSED $SILENT $SCTP; do
		expect "finding" none "$(finding "$1" "$port")"
		end_case "${words[$port]}, IPv$1"
	done
}

# run_setting 0|1
run_setting() {
	local backend family counts="$ERRORS $REPLIES $SCTP_REPLIES" expected

	set_setting "$1"
	observe_all_start "$backends"
	talk 4
	talk 6
	observe_all_stop
	if [ "$1" -eq 0 ]; then expected="0 0 0 $counts"; else expected="$counts $counts"; fi
	same "setting $1: what has come from the Service, and from the server itself" "$expected"$'\n'"$expected" \
		"$(arrived)"
	for backend in $backends; do
		judge "$backend" "$1"
		for family in 4 6; do
			if [ "$1" -eq 0 ]; then judge_broken $family; else judge_healthy $family; fi
		done
	done
	in_node conntrack -F 2>/dev/null
}

lab_up --setting 0
backends=$(usable_backends)
prepare
run_setting 0
run_setting 1
end_scene
