#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What doctor says of a node, and its exit status: the setting off and on, one family, the bridge's own attribute, each
# way to translate and none, rules that drop, names that are hostile, no privileges. That it changes nothing, and how long
# it takes where there are many namespaces. That its predictions agree with frames is the scene states. Oracles: what the
# scene has set up; curl's own result; sysctls, devices and rules before and after.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"

readonly NAMESPACES=500 BRIDGES=50 CPU_MS_MAX=1000
many=

# One process, and one deletion for all.
also_at_exit() {
	local number

	[ -n "$many" ] || return 0
	for ((number = 1; number <= NAMESPACES; number++)); do
		echo "netns del $PREFIX-many-$number"
	done | ip -batch - -force 2>/dev/null || true
}

# examine: doctor's status in STATUS, its JSON in audit.json.
examine() {
	STATUS=0
	"$BRPATH" doctor --netns "$NODE" --format json >"$SCENE_DIR/audit.json" 2>"$SCENE_DIR/stderr" || STATUS=$?
	[ ! -s "$SCENE_DIR/stderr" ] || fail "doctor complains: $(cat "$SCENE_DIR/stderr")"
}

audit() { jq -r "$1" "$SCENE_DIR/audit.json"; }

# pair FAMILY [FRAMES]: what becomes of one on cni0.
pair() {
	audit ".namespaces[0].predictions[] | select(.bridge == \"cni0\" and .family == \"$1\" and .frames == \"${2:-plain}\")
		| \"\(.handling | join(\" or \")) \(.reason // \"-\") \(.service // \"-\")\""
}

# expect WHAT STATUS IPV4 IPV6 [VERDICT]
expect() {
	examine
	same "$1: status, result of pairs" "$2: $3, $4" "$STATUS: $(pair ipv4), $(pair ipv6)"
	[ -z "${5:-}" ] || contains "$1: verdict" "\"verdict\": \"$5" "$SCENE_DIR/audit.json"
}

# outcome URL: what becomes of a real request.
outcome() {
	if in_pod frontend curl -gsf -o /dev/null -m 2 "$1"; then echo works; else echo breaks; fi
}

# expect_traffic WHAT: what doctor says of Services is what a pod finds.
expect_traffic() {
	same "$1: Services of IPv4 and IPv6, predicted and tried" \
		"$(pair ipv4 | sed 's/.* //') $(pair ipv6 | sed 's/.* //')" \
		"$(outcome http://10.96.0.10/) $(outcome 'http://[fd00:96::10]/')"
}

settings() { in_node sysctl -qw "net.bridge.bridge-nf-call-iptables=$1" "net.bridge.bridge-nf-call-ip6tables=$2"; }

attributes() { in_node ip link set cni0 type bridge nf_call_iptables "$1" nf_call_ip6tables "$2"; }

state_of_node() {
	in_node sysctl -a 2>/dev/null | grep -E '^net\.(bridge|ipv4\.ip_forward|netfilter\.nf_conntrack_max)'
	in_node ip -o link
	in_node nft list ruleset 2>/dev/null
	in_node cat /proc/net/ip_tables_names /proc/net/ip6_tables_names 2>/dev/null || true
	cat /proc/modules 2>/dev/null || true
}

check_settings() {
	local before

	before=$(state_of_node)
	expect off 10 "bypassed sysctl-off breaks" "bypassed sysctl-off breaks" "broken: a Service .* on cni0 .* is 0 and iptables"
	same "it changes nothing" "$before" "$(state_of_node)"
	expect_traffic off
	same "and says how to mend it" "nsenter --net=/run/netns/$NODE sysctl -w net.bridge.bridge-nf-call-iptables=1" \
		"$(audit '.namespaces[0].checks[] | select(.name == "net.bridge.bridge-nf-call-iptables") | .fix[0]')"
	same "VLAN, PPPoE" "bypassed vlan-tagged breaks, bypassed pppoe-tagged -" \
		"$(pair ipv4 vlan-tagged), $(pair ipv4 pppoe-tagged)"
	settings 1 1
	expect on 0 "tracked - works" "tracked - works" "fine: a Service works"
	expect_traffic on
	settings 1 0
	expect "IPv4 only" 10 "tracked - works" "bypassed sysctl-off breaks" "broken: .*over IPv6"
	expect_traffic "IPv4 only"
	settings 0 0 && attributes 1 1
	expect attribute 0 "tracked - works" "tracked - works"
	expect_traffic attribute
	attributes 0 0
}

# add_dnat: a Service for pods, in the way of the first argument.
add_dnat() {
	case $1 in
	nftables)
		in_node nft -f - <<-END
			table ip services {
				chain prerouting {
					type nat hook prerouting priority dstnat;
					ip daddr 10.96.7.7 tcp dport 80 dnat to 10.244.1.12:8080
				}
			}
		END
		;;
	*) in_node "$1" -t nat -A PREROUTING -d 10.96.7.7 -p tcp --dport 80 -j DNAT --to 10.244.1.12:8080 ;;
	esac
}

mechanisms() { audit '[.namespaces[0].ipv4.translation[] | "\(.name) \(.rules)"] | join(", ")'; }

check_mechanisms() {
	in_node nft flush ruleset
	expect "nothing translates" 0 "bypassed sysctl-off no translation here" "bypassed sysctl-off no translation here" \
		"fine: nothing here translates"
	settings 1 1
	expect "hooked for nothing" 0 "hooked - no translation here" "hooked - no translation here"
	settings 0 0
	add_dnat nftables
	expect nftables 10 "bypassed sysctl-off breaks" "bypassed sysctl-off no translation here"
	same "nftables by name" "nftables 1" "$(mechanisms)"
	in_node nft flush ruleset
	add_dnat iptables-nft
	expect iptables-nft 10 "bypassed sysctl-off breaks" "bypassed sysctl-off no translation here"
	same "iptables-nft by name" "iptables-nft 1" "$(mechanisms)"
	in_node iptables-nft -t nat -A POSTROUTING -j MASQUERADE
	expect "the source is translated as well" 0 "bypassed sysctl-off works" "bypassed sysctl-off no translation here"
	in_node nft flush ruleset
	if add_dnat iptables-legacy 2>/dev/null; then # not every kernel has it
		expect iptables-legacy 10 "bypassed sysctl-off breaks" "bypassed sysctl-off no translation here"
		same "iptables-legacy by name" "iptables-legacy 1" "$(mechanisms)"
		in_node iptables-legacy -t nat -F
	fi
	in_node iptables-nft -t nat -A PREROUTING ! -i cni0 -p tcp --dport 80 -j DNAT --to 10.244.1.12:8080
	expect "not for the bridge" 0 "bypassed sysctl-off no translation here" "bypassed sysctl-off no translation here"
	in_node nft flush ruleset
}

check_drops() {
	settings 1 1
	in_node nft -f - <<-END
		table ip filter {
			chain FORWARD {
				type filter hook forward priority 0; policy drop;
			}
		}
	END
	expect "FORWARD drops" 10 "hooked - no translation here" "hooked - no translation here" "broken: two pods on cni0 cannot talk"
	in_node nft flush ruleset
	settings 0 0
}

# Everything as it is without privileges: it ends normally, and says what it could not see.
check_unprivileged() {
	local status=0

	chmod 711 "$SCENE_DIR"
	cp "$BRPATH" "$SCENE_DIR/brpath"
	chmod 755 "$SCENE_DIR/brpath"
	in_node setpriv --reuid 65534 --clear-groups "$SCENE_DIR/brpath" doctor --format json >"$SCENE_DIR/audit.json" \
		2>"$SCENE_DIR/stderr" || status=$?
	same "without privileges: status, complaints" "0 0" "$status $(wc -c <"$SCENE_DIR/stderr")"
	same "what it cannot see" "unknown unknown unknown" "$(audit '[(.checks[] | select(.name == "hooks")),
		(.namespaces[0].checks[] | select(.name == "translation IPv4" or .name == "conntrack IPv4"))]
		| map(.result) | join(" ")')"
	same "what it can" "0 1" "$(audit '.namespaces[0] | "\(.sysctls["net.bridge.bridge-nf-call-iptables"]) \(.ipv4.forwarding)"')"
}

check_usage() {
	local status=0

	"$BRPATH" doctor --netns "$NODE" --bridge cni9 >/dev/null 2>"$SCENE_DIR/stderr" || status=$?
	same "a bridge that is not there" 2 "$status"
	in_node ip link add name $'br\e[31m' type bridge
	"$BRPATH" doctor --netns "$NODE" >"$SCENE_DIR/table"
	same "escape sequences of a hostile name" 0 "$(grep -c $'\e' "$SCENE_DIR/table" || true)"
	in_node ip link del dev $'br\e[31m'
}

# Half a thousand namespaces, most of them without a bridge, and fifty bridges in the node.
check_many() {
	local number cpu

	many=yes
	for ((number = 1; number <= NAMESPACES; number++)); do
		echo "netns add $PREFIX-many-$number"
	done | ip -batch -
	for ((number = 1; number < BRIDGES; number++)); do
		echo "link add br$number type bridge"
	done | in_node ip -batch -
	TIMEFORMAT='%R %U %S'
	{ time "$BRPATH" doctor --all-netns --format json >"$SCENE_DIR/audit.json" || true; } 2>"$SCENE_DIR/time"
	same "bridges of the node" "$BRIDGES" "$(audit ".namespaces[] | select(.netns.name == \"$NODE\") | .bridges | length")"
	at_least "namespaces without one" "$NAMESPACES" "$(audit .without_bridges)"
	printf '%s: %d namespaces: wall, user and system seconds: %s\n' "$SCENE_NAME" "$NAMESPACES" "$(cat "$SCENE_DIR/time")"
	cpu=$(awk '{ printf "%d", ($2 + $3) * 1000 }' "$SCENE_DIR/time")
	[ -n "${BRPATH_OWN_MACHINE:-}" ] || at_least "milliseconds of CPU left" 0 $((CPU_MS_MAX - cpu))
}

# Servers are the lab's own here: real Services.
"$LAB" up --name "$PREFIX" --static --setting 0 >"$SCENE_DIR/lab.log" 2>&1 || fail "$(cat "$SCENE_DIR/lab.log")"
in_node test -d /proc/sys/net/bridge || skip "br_netfilter is not loaded"
check_settings
check_mechanisms
check_drops
check_unprivileged
check_usage
check_many
