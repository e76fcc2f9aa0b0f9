#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The incident, with the setting off and on, under every backend that works here. Oracles: conntrack's entry and
# curl's own result.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"

readonly FRONTEND=10.244.1.11 CART=10.244.1.12 CLUSTER_IP=10.96.0.10

# Servers are the lab's own here: a real TCP conversation.
"$LAB" up --name "$PREFIX" --static --setting 0 >"$SCENE_DIR/lab.log" 2>&1 || fail "$(cat "$SCENE_DIR/lab.log")"

service_pair() {
	summary ".pairs[] | select(.service.ip == \"$CLUSTER_IP\") | $1"
}

direct_pair() {
	summary ".pairs[] | select(.client.ip == \"$FRONTEND\" and .server.ip == \"$CART\" and .service == null) | $1"
}

# request_both FAILS: asks the Service, which fails (1) or not (0), and the pod itself.
request_both() {
	local status=0

	in_pod frontend curl -s -o /dev/null -m 3 "http://$CLUSTER_IP/" || status=1
	same "the Service fails" "$1" "$status"
	in_pod frontend curl -s -o /dev/null -m 3 "http://$CART:8080/" || fail "the pod did not answer"
}

check_off() {
	local routed tracked replies bypassed sysctl_off frames findings

	check_sums
	check_lossless
	same "$1, 0: client, server, Service, ports" \
		"$PREFIX-frontend $PREFIX-cart shop/cart:http 80 veth-frontend veth-cart" \
		"$(service_pair '"\(.client.name) \(.server.name) \(.service.name) \(.service.port) \(.client.port_device) \(
			.server.port_device)"')"
	read -r routed tracked replies bypassed sysctl_off < <(service_pair '[.to_server.paths.routed, .to_server.tracked,
		(.to_client | .frames, .bypassed, .bypass_reasons["sysctl-off"])] | join(" ")')
	at_least "$1, 0: requests routed and tracked" 1 "$routed"
	same "$1, 0: requests tracked" "$routed" "$tracked"
	at_least "$1, 0: replies" 1 "$replies"
	same "$1, 0: replies bypassed, because of the sysctl" "$replies $replies" "$bypassed $sysctl_off"
	same "$1, 0: findings" "reply-not-translated 1" \
		"$(service_pair '.findings | join(" ")') $(summary '.findings | length')"
	at_least "$1, 0: client RSTs" 1 "$(summary '.findings[0].evidence.client_resets')"
	read -r frames bypassed findings < <(direct_pair '[.to_server.frames, .to_server.bypassed, (.findings | length)]
		| join(" ")')
	at_least "$1, 0: direct frames" 4 "$frames"
	same "$1, 0: direct frames bypassed, and no finding" "$frames 0" "$bypassed $findings"
	same "$1, 0: effective setting" 0 "$(summary '.bridges[0].settings.ipv4.effective')"
}

check_on() {
	local pair requests tracked replies tracked_replies

	check_sums
	check_lossless
	for pair in service_pair direct_pair; do
		read -r requests tracked replies tracked_replies < <($pair '[.to_server, .to_client | .frames, .tracked]
			| join(" ")')
		at_least "$1, 1: $pair requests" 4 "$requests"
		at_least "$1, 1: $pair replies" 3 "$replies"
		same "$1, 1: $pair tracked" "$requests $replies" "$tracked $tracked_replies"
	done
	same "$1, 1: findings, effective setting" "depends-on-bridge-netfilter 1" \
		"$(summary '"\([.findings[].id] | join(" ")) \(.bridges[0].settings.ipv4.effective)"')"
}

# check_first_summary BACKEND: the finding is in the first summary that has a broken reply, and in every one after it.
check_first_summary() {
	same "$1, 0: summaries with and without the finding" "0" "$(jq -s '[.[] | select(any(.pairs[];
		.service != null and .to_client.bypassed > 0) != any(.findings[]; .id == "reply-not-translated"))] | length' "$SUMMARY")"
	tail -n 1 "$SUMMARY" >"$SCENE_DIR/last"
	mv "$SCENE_DIR/last" "$SUMMARY"
}

backends=$(usable_backends)
FORMAT=ndjson observe_all_start "$backends" --interval 100ms --names "/run/brpath-lab/$PREFIX/hosts"
request_both 1
in_node conntrack -L -d "$CLUSTER_IP" 2>/dev/null >"$SCENE_DIR/conntrack"
contains "0: conntrack" 'SYN_SENT.*\[UNREPLIED\]' "$SCENE_DIR/conntrack"
observe_all_stop
for backend in $backends; do
	look_at "$backend"
	check_first_summary "$backend"
	check_off "$backend"
done
"$LAB" set 1 --name "$PREFIX" >/dev/null
observe_all_start "$backends" --names "/run/brpath-lab/$PREFIX/hosts"
request_both 0
observe_all_stop
for backend in $backends; do
	look_at "$backend"
	check_on "$backend"
done
