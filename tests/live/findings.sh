#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Every finding: the fault is made for real, every backend names it and nothing else; then the fault is taken away and
# the same traffic has no finding. reply-not-translated has scenes of its own (incident, mechanisms); here it is an
# incident that was under way before brpath came. Oracles: ping's own count, conntrack's entries, nftables' counters.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/lib/cases.sh
. "$(dirname "$0")/lib/cases.sh"

CASE_KIND=finding
readonly FRONTEND=10.244.1.11 CART=10.244.1.12 DNS=10.244.1.13 GATEWAY=10.244.1.1
readonly CART6=fd00:244:1::12 GATEWAY6=fd00:244:1::1
readonly CART_SERVICE=10.96.0.10 DNS_SERVICE=10.96.0.53
readonly PINGS=7
# A service's client and server ports, of a conversation by hand.
readonly CLIENT_PORT=47111

set_both() { "$LAB" set "$1" --name "$PREFIX" >/dev/null; }

# ping_cart ANSWERS [ADDRESS]: that many are answered.
ping_cart() {
	local received

	# Its status is 1 when nothing is answered.
	received=$({ in_pod frontend ping -n -c $PINGS -i 0.05 -W 0.5 "${2:-$CART}" || true; } |
		sed -n 's/.* \([0-9]*\) received.*/\1/p')
	same "answers to $PINGS pings" "$1" "$received"
}

call_service() { in_pod frontend curl -s -o /dev/null -m 5 "http://$CART_SERVICE/" || fail "the Service does not answer"; }

# observe COMMAND...: every backend while the command runs.
observe() {
	observe_all_start "$backends"
	"$@"
	observe_all_stop
}

# expect_ids WHAT IDS: each backend has exactly these findings, by id. A row of the matrix.
expect_ids() {
	local backend seen

	for backend in $backends; do
		look_at "$backend"
		seen=$(summary '[.findings[].id] | unique | join(" ")')
		[ "$seen" = "$2" ] || record "$backend" "$1" FAIL "$seen"
		same "$1, $backend: findings" "$2" "$seen"
		same "$1, $backend: each pair's findings are among them" "" \
			"$(summary '([.pairs[].findings[]] | unique) - [.findings[].id] | join(" ")')"
		check_sums
		record "$backend" "$1" pass "${2:-none}"
	done
}

# evidence KEY ID: of that finding, in the summary that is looked at.
evidence() { summary ".findings[] | select(.id == \"$2\") | .evidence[\"$1\"]"; }

# check_evidence WHAT ID KEY VALUE
check_evidence() {
	local backend

	for backend in $backends; do
		look_at "$backend"
		same "$1, $backend: $3" "$4" "$(evidence "$3" "$2")"
	done
}

# forward_rules RULES [CHAINS]
forward_rules() {
	in_node nft -f - <<<"table inet judge { chain forward { type filter hook forward priority 0; $1; }; ${2:-} }"
}

no_forward_rules() { in_node nft delete table inet judge; }

rule_packets() { in_node nft -j list table inet judge | jq '[.. | .counter? | objects | .packets] | add'; }

# --- setting 0

a_healthy_bridge() {
	observe ping_cart $PINGS
	expect_ids "direct traffic, 0" ""
	observe ping_cart $PINGS $CART6
	expect_ids "direct traffic, IPv6, 0" ""
}

# a_bypassed_policy FAMILY MATCH CART GATEWAY
a_bypassed_policy() {
	local what="a policy for the server, $1, 0"

	forward_rules "$2 daddr $3 counter drop"
	observe ping_cart $PINGS "$3"
	expect_ids "$what" policy-bypassed
	same "frames that met the rule" 0 "$(rule_packets)"
	check_evidence "$what" policy-bypassed rules "table inet judge, chain forward, rule 1"
	check_evidence "$what" policy-bypassed bypassed $((2 * PINGS))
	no_forward_rules
	forward_rules "$2 daddr $4 drop; ct state invalid drop"
	observe ping_cart $PINGS "$3"
	expect_ids "a policy for somebody else, $1, 0" ""
	no_forward_rules
}

# a_route_through_the_node FAMILY CART/LENGTH GATEWAY
a_route_through_the_node() {
	local what="one direction through the node, $1, 0" cart=${2%/*}

	in_pod frontend ip route add "$2" via "$3" dev eth0
	observe ping_cart $PINGS "$cart"
	expect_ids "$what" asymmetric-tracking
	check_evidence "$what" asymmetric-tracking tracked $PINGS
	check_evidence "$what" asymmetric-tracking bypassed $PINGS
	in_pod frontend ip route del "$2"
	in_pod frontend ip route flush cache
	observe ping_cart $PINGS "$cart"
	expect_ids "both directions on the bridge, $1, 0" ""
}

a_bridge_of_its_own_mind() {
	in_node ip link set dev cni0 type bridge nf_call_iptables 1
	observe ping_cart $PINGS
	expect_ids "the bridge's own attribute" setting-conflict
	check_evidence "the bridge's own attribute" setting-conflict attribute nf_call_iptables
	in_node ip link set dev cni0 type bridge nf_call_iptables 0
	observe ping_cart $PINGS
	expect_ids "no attribute" ""
}

# Every backend has told of it: what is sent from then on counts as after the change.
change_is_told() {
	local backend

	for backend in $backends; do
		grep -q '"changes":\[{' "$SCENE_DIR/summary-$backend.json" || return 1
	done
}

turn_on() {
	ping_cart $PINGS
	set_both 1
	wait_for 30 change_is_told || fail "nobody tells of the change"
	ping_cart $PINGS
}

# The last summary of each, of many.
keep_last() {
	local backend

	for backend in $backends; do
		look_at "$backend"
		tail -n 1 "$SUMMARY" >"$SCENE_DIR/last"
		mv "$SCENE_DIR/last" "$SUMMARY"
	done
}

a_change() {
	local backend

	FORMAT=ndjson observe_all_start "$backends" --interval 100ms
	turn_on
	observe_all_stop
	keep_last
	expect_ids "the setting becomes 1" setting-changed
	for backend in $backends; do
		look_at "$backend"
		same "the setting becomes 1, $backend: changes" \
			"net.bridge.bridge-nf-call-ip6tables 0 1,net.bridge.bridge-nf-call-iptables 0 1" \
			"$(summary '[.changes[] | "\(.what) \(.from) \(.to)"] | sort | join(",")')"
		same "the setting becomes 1, $backend: how handling moved" "bypassed $((2 * PINGS))" \
			"$(summary '.findings[] | select(.evidence.key == "net.bridge.bridge-nf-call-iptables") | .evidence.frames_before')"
		same "the setting becomes 1, $backend: and after" "tracked $((2 * PINGS))" \
			"$(summary '.findings[] | select(.evidence.key == "net.bridge.bridge-nf-call-iptables") | .evidence.frames_since')"
	done
}

# --- setting 1

a_dependence() {
	observe ping_cart $PINGS
	expect_ids "direct traffic, 1" ""
	observe call_service
	expect_ids "a Service, 1" depends-on-bridge-netfilter
}

# a_drop FAMILY MATCH CART
a_drop() {
	forward_rules "$2 daddr $3 counter drop"
	observe ping_cart 0 "$3"
	expect_ids "dropped in FORWARD, $1, 1" dropped-by-bridge-netfilter
	same "frames that met the rule" $PINGS "$(rule_packets)"
	check_evidence "dropped in FORWARD, $1, 1" dropped-by-bridge-netfilter dropped_in_ip_hooks $PINGS
	no_forward_rules
	observe ping_cart $PINGS "$3"
	expect_ids "no such rule, $1, 1" ""
	# As rpfilter does, before it is known where to.
	forward_rules "" "chain early { type filter hook prerouting priority -300; $2 saddr $3 counter drop; };"
	observe ping_cart 0 "$3"
	expect_ids "dropped before routing, $1, 1" dropped-by-bridge-netfilter
	check_evidence "dropped before routing, $1, 1" dropped-by-bridge-netfilter dropped_in_ip_hooks $PINGS
	no_forward_rules
}

# A layer 2 filter's drop is nobody's fault but its own: before br_netfilter's hook and after it. (At its own priority, 0,
# br_nf_hook_thresh() passes a frame over on 5.10.)
a_drop_of_the_bridge() {
	local hook

	for hook in "prerouting priority -300" "forward priority -200" "forward priority 1" "postrouting priority 300"; do
		in_node nft -f - <<<"table bridge judge { chain judge { type filter hook $hook; ip daddr $CART counter drop; }; }"
		observe ping_cart 0
		expect_ids "dropped in the bridge family, $hook, 1" ""
		same "frames that met the rule, $hook" $PINGS \
			"$(in_node nft -j list table bridge judge | jq '[.. | .counter? | objects | .packets] | add')"
		in_node nft delete table bridge judge
	done
}

# The reply comes after brpath, and nothing but conntrack knows what it answers.
reply_by_hand() {
	in_pod dns "$TRAFFIC" frame --device eth0 --from "$(mac_of dns)" --to "$(mac_of frontend)" --source $DNS \
		--destination $FRONTEND --protocol 17 --source-port 5353 --port $CLIENT_PORT --count 5 >/dev/null
}

an_incident_under_way() {
	in_node sysctl -qw net.netfilter.nf_conntrack_udp_timeout=600 # attaching takes half a minute in a slow guest
	pod_is_silent frontend $CLIENT_PORT
	in_pod dns nft -f - <<<"table inet quiet { chain input { type filter hook input priority 0; udp dport 5353 drop; }; }"
	in_pod frontend "$TRAFFIC" udp --from $FRONTEND --source-port $CLIENT_PORT --to $DNS_SERVICE --port 53 --count 1
	same "conntrack waits for a reply" 1 "$(in_node conntrack -L -d $DNS_SERVICE 2>/dev/null | grep -c UNREPLIED)"
	set_both 0
	observe reply_by_hand
	expect_ids "a reply to a request before" reply-not-translated
	check_evidence "a reply to a request before" reply-not-translated untranslated_replies 5
	check_evidence "a reply to a request before" reply-not-translated conntrack_unreplied 1
	check_evidence "a reply to a request before" reply-not-translated example_request \
		"$FRONTEND:$CLIENT_PORT > $DNS_SERVICE:53"
	check_evidence "a reply to a request before" reply-not-translated example_reply "$DNS:5353 > $FRONTEND:$CLIENT_PORT"
	check_evidence "a reply to a request before" reply-not-translated example_expected \
		"$DNS_SERVICE:53 > $FRONTEND:$CLIENT_PORT"
}

a_node_without_conntrack() {
	set_both 1
	in_node iptables -t nat -F
	in_node ip6tables -t nat -F || true # as little as the lab's IPv6 rules are there
	in_node nft flush ruleset
	observe ping_cart $PINGS
	expect_ids "no rule needs conntrack, 1" not-tracked-here
}

"$LAB" up --name "$PREFIX" --static --setting 0 >"$SCENE_DIR/lab.log" 2>&1 || fail "$(cat "$SCENE_DIR/lab.log")"
backends=$(usable_backends)
a_healthy_bridge
a_bypassed_policy IPv4 ip $CART $GATEWAY
a_bypassed_policy IPv6 ip6 $CART6 $GATEWAY6
a_route_through_the_node IPv4 $CART/32 $GATEWAY
a_route_through_the_node IPv6 $CART6/128 $GATEWAY6
a_bridge_of_its_own_mind
a_change
a_dependence
a_drop IPv4 ip $CART
a_drop IPv6 ip6 $CART6
a_drop_of_the_bridge
an_incident_under_way
a_node_without_conntrack
