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

check_off() {
	"$LAB" set 0 --name "$PREFIX" >/dev/null
	observe_start --backend "$1" --names "/run/brpath-lab/$PREFIX/hosts"
	! in_pod frontend curl -s -o /dev/null -m 3 "http://$CLUSTER_IP/" || fail "$1, 0: the Service answered"
	in_node conntrack -L -d "$CLUSTER_IP" 2>/dev/null >"$SCENE_DIR/conntrack"
	contains "$1, 0: conntrack" 'SYN_SENT.*\[UNREPLIED\]' "$SCENE_DIR/conntrack"
	in_pod frontend curl -s -o /dev/null -m 3 "http://$CART:8080/" || fail "$1, 0: the pod did not answer"
	observe_stop
	check_sums
	check_lossless
	same "$1, 0: client" "$PREFIX-frontend" "$(service_pair .client.name)"
	same "$1, 0: server" "$PREFIX-cart" "$(service_pair .server.name)"
	same "$1, 0: Service" "shop/cart:80" "$(service_pair '"\(.service.name):\(.service.port)"')"
	same "$1, 0: ports" "veth-frontend veth-cart" \
		"$(service_pair '"\(.client.port_device) \(.server.port_device)"')"
	at_least "$1, 0: requests routed and tracked" 1 "$(service_pair '.to_server.paths.routed')"
	same "$1, 0: requests tracked" "$(service_pair .to_server.paths.routed)" "$(service_pair .to_server.tracked)"
	at_least "$1, 0: replies" 1 "$(service_pair .to_client.frames)"
	same "$1, 0: replies bypassed" "$(service_pair .to_client.frames)" "$(service_pair .to_client.bypassed)"
	same "$1, 0: because" "$(service_pair .to_client.bypassed)" \
		"$(service_pair '.to_client.bypass_reasons["sysctl-off"]')"
	same "$1, 0: finding" reply-not-translated "$(service_pair '.findings | join(" ")')"
	at_least "$1, 0: client RSTs" 1 "$(summary '.findings[0].evidence.client_resets')"
	same "$1, 0: findings" 1 "$(summary '.findings | length')"
	at_least "$1, 0: direct frames" 4 "$(direct_pair .to_server.frames)"
	same "$1, 0: direct frames bypassed" "$(direct_pair .to_server.frames)" "$(direct_pair .to_server.bypassed)"
	same "$1, 0: no finding for the direct pair" 0 "$(direct_pair '.findings | length')"
	same "$1, 0: effective setting" 0 "$(summary '.bridges[0].settings.ipv4.effective')"
}

check_on() {
	"$LAB" set 1 --name "$PREFIX" >/dev/null
	observe_start --backend "$1" --names "/run/brpath-lab/$PREFIX/hosts"
	in_pod frontend curl -s -o /dev/null -m 3 "http://$CLUSTER_IP/" || fail "$1, 1: the Service did not answer"
	in_pod frontend curl -s -o /dev/null -m 3 "http://$CART:8080/" || fail "$1, 1: the pod did not answer"
	observe_stop
	check_sums
	check_lossless
	for pair in service_pair direct_pair; do
		at_least "$1, 1: $pair requests" 4 "$($pair .to_server.frames)"
		same "$1, 1: $pair requests tracked" "$($pair .to_server.frames)" "$($pair .to_server.tracked)"
		at_least "$1, 1: $pair replies" 3 "$($pair .to_client.frames)"
		same "$1, 1: $pair replies tracked" "$($pair .to_client.frames)" "$($pair .to_client.tracked)"
	done
	same "$1, 1: findings" 0 "$(summary '.findings | length')"
	same "$1, 1: effective setting" 1 "$(summary '.bridges[0].settings.ipv4.effective')"
}

for backend in $(usable_backends); do
	check_off "$backend"
	check_on "$backend"
done
