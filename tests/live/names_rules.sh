#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The names of Services from the rules that kube-proxy writes: by iptables-nft, by the older iptables and by nft, for
# both families, TCP, UDP and SCTP, with and without a port's name, node ports, what is no Service, and hostile comments.
# And that asking neither loads nor makes anything, that a change is seen, and that 5,000 Services are no load. Oracle:
# what was written, word for word.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"

: "${SERVICE_NAMES:?path of the program brpath_service_names}"

readonly SERVICES=5000 # in five times as many rules
FOLLOWER=

also_at_exit() { [ -z "$FOLLOWER" ] || kill "$FOLLOWER" 2>/dev/null || true; }

# records [COMMAND...]: the state in STATE, the Services in lines: name address port protocol.
records() {
	in_node "$@" "$SERVICE_NAMES" >"$SCENE_DIR/names" || fail "$SERVICE_NAMES ended with status $?"
	read_state
	jq -r 'select(.name) | "\(.name) \(.address) \(.port) \(.protocol)"' "$SCENE_DIR/names" >"$SCENE_DIR/records"
}

read_state() { STATE=$(jq -rs '.[0] | "\(.state) \(.services)"' "$SCENE_DIR/names"); }

# same_records WHAT: they are what stands on standard input, in any order.
same_records() {
	LC_ALL=C sort >"$SCENE_DIR/expected"
	LC_ALL=C sort -o "$SCENE_DIR/records" "$SCENE_DIR/records"
	same "$1: state" "up $(wc -l <"$SCENE_DIR/expected")" "$STATE"
	same "$1: records" "$(cat "$SCENE_DIR/expected")" "$(cat "$SCENE_DIR/records")"
}

# kube_rules PREFIX CLUSTER EXTERNAL POD: the table nat of one family as kube-proxy writes it. Names begin with PREFIX.
kube_rules() {
	local ip=cluster\ IP dns="-m comment --comment \"$1-system/dns:dns"

	cat <<-END
		*nat
		:KUBE-SERVICES - [0:0]
		:KUBE-NODEPORTS - [0:0]
		:KUBE-MARK-MASQ - [0:0]
		:KUBE-SVC-ERIFXISQEP7F7OF4 - [0:0]
		:KUBE-SVC-TCOU7JCQXEZGVUNU - [0:0]
		:KUBE-SVC-NPX46M4PTMTKRN6Y - [0:0]
		:KUBE-SVC-I5LIAMPLWKMBJ54B - [0:0]
		:KUBE-EXT-I5LIAMPLWKMBJ54B - [0:0]
		:KUBE-SEP-4O5AICOKW2EZK2IV - [0:0]
		-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
		-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
		-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000
		-A KUBE-SERVICES $dns $ip" -m udp -p udp -d $2 --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU
		-A KUBE-SERVICES $dns-tcp $ip" -m tcp -p tcp -d $2 --dport 53 -j KUBE-SVC-ERIFXISQEP7F7OF4
		-A KUBE-SERVICES -m comment --comment "$1/api $ip" -m tcp -p tcp -d $2 --dport 443 -j KUBE-SVC-NPX46M4PTMTKRN6Y
		-A KUBE-SERVICES -m comment --comment "$1/old: $ip" -m tcp -p tcp -d $2 --dport 8443 -j KUBE-SVC-NPX46M4PTMTKRN6Y
		-A KUBE-SERVICES ! -s $4 -m comment --comment "$1/cart:http $ip" -m tcp -p tcp -d $2 --dport 80 -j KUBE-MARK-MASQ
		-A KUBE-SERVICES -m comment --comment "$1/cart:http $ip" -m tcp -p tcp -d $2 --dport 80 -j KUBE-SVC-I5LIAMPLWKMBJ54B
		-A KUBE-SERVICES -m comment --comment "$1/cart:http external IP" -m tcp -p tcp -d $3 --dport 80 -j KUBE-EXT-I5LIAMPLWKMBJ54B
		-A KUBE-SERVICES -m comment --comment "$1/cart:http loadbalancer IP" -m tcp -p tcp -d $3 --dport 81 -j KUBE-EXT-I5LIAMPLWKMBJ54B
		-A KUBE-SERVICES -m comment --comment $'$1/\e[2Jhostile:\x7f cluster\tIP' -m tcp -p tcp -d $2 --dport 6666 -j KUBE-SVC-I5LIAMPLWKMBJ54B
		-A KUBE-SERVICES -m comment --comment "nobody's $ip" -m tcp -p tcp -d $2 --dport 6667 -j KUBE-SVC-I5LIAMPLWKMBJ54B
		-A KUBE-SERVICES -m comment --comment "$1/range:x $ip" -m tcp -p tcp -d $4 --dport 80 -j KUBE-SVC-I5LIAMPLWKMBJ54B
		-A KUBE-SERVICES -m comment --comment "$1/range:y $ip" -m tcp -p tcp -d $2 --dport 90:91 -j KUBE-SVC-I5LIAMPLWKMBJ54B
		-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
		-A KUBE-NODEPORTS -m comment --comment $1/cart:http -m tcp -p tcp --dport ${5}80 -j KUBE-EXT-I5LIAMPLWKMBJ54B
		-A KUBE-NODEPORTS -m comment --comment $1/api -m tcp -p tcp --dport ${5}43 -j KUBE-EXT-I5LIAMPLWKMBJ54B
		-A KUBE-SVC-I5LIAMPLWKMBJ54B -m comment --comment "$1/cart:http -> pod" -j KUBE-SEP-4O5AICOKW2EZK2IV
		-A KUBE-SVC-I5LIAMPLWKMBJ54B -m comment --comment "$1/cart:http $ip" -m tcp -p tcp -d $2 --dport 82 ! -s $4 -j KUBE-MARK-MASQ
		COMMIT
	END
}

# kube_records PREFIX CLUSTER EXTERNAL NODE-PORTS: what is to come of it.
kube_records() {
	cat <<-END
		$1-system/dns:dns $2 53 17
		$1-system/dns:dns-tcp $2 53 6
		$1/api:443 $2 443 6
		$1/old:8443 $2 8443 6
		$1/cart:http $2 80 6
		$1/cart:http $3 80 6
		$1/cart:http $3 81 6
		$1/?[2Jhostile:? $2 6666 6
		$1/cart:http  ${4}80 6
		$1/api:443  ${4}43 6
	END
}

# restore_as VARIANT: both families' rules by iptables-VARIANT-restore, if the kernel has what that needs.
restore_as() {
	kube_rules shop 10.96.0.10 192.0.2.7 10.244.0.0/16 300 | hostile | in_node "iptables-$1-restore" --noflush &&
		kube_rules shop6 fd00:96::10 2001:db8::7 fd00:244::/56 301 | hostile | in_node "ip6tables-$1-restore" --noflush
}

# iptables-restore knows no $'...': the comment gets its control characters here.
hostile() { sed -e "s/\\\$'\\([^']*\\)'/\"\\1\"/" -e 's/\\e/\x1b/; s/\\x7f/\x7f/; s/\\t/\t/'; }

all_records() {
	kube_records shop 10.96.0.10 192.0.2.7 300
	kube_records shop6 fd00:96::10 2001:db8::7 301
}

clear_rules() {
	in_node nft flush ruleset
	for family in iptables ip6tables; do
		in_node "$family-legacy" -t nat -F 2>/dev/null && in_node "$family-legacy" -t nat -X
		true
	done
}

# kube_nft FAMILY TYPE CLUSTER EXTERNAL NODE-PORTS: nftables mode.
kube_nft() {
	cat <<-END
		table $1 kube-proxy {
			map service-ips {
				type $2 . inet_proto . inet_service : verdict
			}
			map service-nodeports {
				type inet_proto . inet_service : verdict
			}
			chain reject-chain {
				reject
			}
			chain service-NWBZK7IH-kube-system/kube-dns/udp/dns {
				accept
			}
			chain service-2QRHZV4L-default/kubernetes/tcp/ {
				accept
			}
			chain external-HVFWP5L3-shop/cart-two/sctp/p80 {
				accept
			}
			chain services {
				$1 daddr . meta l4proto . th dport vmap @service-ips
				fib daddr type local meta l4proto . th dport vmap @service-nodeports
			}
		}
		add element $1 kube-proxy service-ips {
			$3 . udp . 53 : goto service-NWBZK7IH-kube-system/kube-dns/udp/dns,
			$3 . tcp . 443 : goto service-2QRHZV4L-default/kubernetes/tcp/,
			$4 . sctp . 80 comment "not/this:name" : goto external-HVFWP5L3-shop/cart-two/sctp/p80,
			$4 . tcp . 81 : goto reject-chain,
			$4 . tcp . 82 : drop
		}
		add element $1 kube-proxy service-nodeports {
			tcp . ${5}43 : goto service-2QRHZV4L-default/kubernetes/tcp/,
			sctp . ${5}80 : goto external-HVFWP5L3-shop/cart-two/sctp/p80
		}
	END
}

nft_records() {
	cat <<-END
		kube-system/kube-dns:dns $1 53 17
		default/kubernetes:443 $1 443 6
		shop/cart-two:p80 $2 80 132
		default/kubernetes:443  ${3}43 6
		shop/cart-two:p80  ${3}80 132
	END
}

# many_rules: a ClusterIP, a check of the source, an endpoint and its two rules for each Service.
many_rules() {
	awk -v services="$SERVICES" 'BEGIN {
		print "*nat\n:KUBE-SERVICES - [0:0]\n:KUBE-MARK-MASQ - [0:0]"
		for (i = 0; i < services; i++)
			printf ":KUBE-SVC-%016d - [0:0]\n:KUBE-SEP-%016d - [0:0]\n", i, i
		for (i = 0; i < services; i++) {
			ip = "-m comment --comment \"ns" i % 50 "/service-" i ":http cluster IP\" -m tcp -p tcp -d 10.97." int(i / 250) "." i % 250 " --dport 80"
			name = "-m comment --comment ns" i % 50 "/service-" i ":http"
			pod = "10.244." int(i / 250) "." i % 250
			printf "-A KUBE-SERVICES %s -j KUBE-SVC-%016d\n", ip, i
			printf "-A KUBE-SVC-%016d %s ! -s 10.244.0.0/16 -j KUBE-MARK-MASQ\n", i, ip
			printf "-A KUBE-SVC-%016d -m comment --comment \"ns/x -> pod\" -j KUBE-SEP-%016d\n", i, i
			printf "-A KUBE-SEP-%016d %s -s %s -j KUBE-MARK-MASQ\n", i, name, pod
			printf "-A KUBE-SEP-%016d %s -m tcp -p tcp -j DNAT --to-destination %s:8080\n", i, name, pod
		}
		print "COMMIT"
	}'
}

# follow_start: a source that lives on; follow asks it again. What it says is in SAID.
follow_start() {
	mkfifo "$SCENE_DIR/ask" "$SCENE_DIR/say"
	nsenter --net="/run/netns/$NODE" "$SERVICE_NAMES" --follow <"$SCENE_DIR/ask" >"$SCENE_DIR/say" &
	FOLLOWER=$!
	exec {ASK}>"$SCENE_DIR/ask" {SAY}<"$SCENE_DIR/say"
	read_follower
}

follow() {
	echo >&"$ASK"
	read_follower
}

read_follower() {
	local line count

	IFS= read -rt 60 -u "$SAY" line || fail "the source says nothing"
	SAID=$(jq -r '"\(.state) \(.same) \(.services)"' <<<"$line")
	TOOK=$(jq -r .microseconds <<<"$line")
	[[ $SAID != *false* ]] || for ((count = ${SAID##* }; count > 0; count--)); do
		IFS= read -rt 60 -u "$SAY" line || fail "the source says less than it has"
	done
}

follow_stop() {
	exec {ASK}>&- {SAY}<&-
	wait "$FOLLOWER" || fail "the source ended with status $?"
	FOLLOWER=
	rm "$SCENE_DIR/ask" "$SCENE_DIR/say"
}

# follow_change COMMAND...: what the kernel has after a change of one Service is what the source says.
follow_change() {
	local what=$1 first
	shift
	follow_start
	first=$TOOK
	same "$what: first" "up false $SERVICES" "$SAID"
	printf '%s: %s: %d Services in %d us' "$SCENE_NAME" "$what" "$SERVICES" "$TOOK"
	follow
	same "$what: again" "up true $SERVICES" "$SAID"
	printf ', again in %d us\n' "$TOOK"
	at_least "$what: cheaper when nothing has changed" $((10 * TOOK)) "$first"
	in_node "$@" -t nat -A KUBE-SERVICES -m comment --comment "shop/new:http cluster IP" -p tcp -d 10.98.0.1 --dport 80 \
		-j KUBE-SVC-0000000000000000
	follow
	same "$what: one more" "up false $((SERVICES + 1))" "$SAID"
	in_node "$@" -t nat -A KUBE-MARK-MASQ -m comment --comment "nothing of a Service" -j RETURN
	follow
	same "$what: a rule of something else" "up true $((SERVICES + 1))" "$SAID"
	in_node "$@" -t nat -F KUBE-SERVICES
	follow
	[[ $SAID == *" false 0" ]] || fail "$what: without Services: $SAID"
	follow_stop
}

# What the kernel has got by being asked.
loaded() { cut -d ' ' -f 1 /proc/modules 2>/dev/null | sort || true; }
tables() { in_node sort /proc/thread-self/net/ip_tables_names /proc/thread-self/net/ip6_tables_names 2>/dev/null || true; }

lab_up --setting 0
before="$(loaded) $(tables)"
records
same "modules and tables after asking" "$before" "$(loaded) $(tables)"
contains "the lab's own" "^shop/cart:http 10\.96\.0\.10 80 6$" "$SCENE_DIR/records"
contains "the lab's own" "^kube-system/dns:dns 10\.96\.0\.53 53 17$" "$SCENE_DIR/records"

clear_rules
records
same "no rules" "absent 0" "$STATE"

restore_as nft || fail "the rules cannot be installed by iptables-nft"
records
same_records iptables-nft < <(all_records)
records setpriv --bounding-set -net_admin
same "without CAP_NET_ADMIN" "down 0" "$STATE"
contains "without CAP_NET_ADMIN" "read kube-proxy's rules: Operation not permitted" "$SCENE_DIR/names"
clear_rules

many_rules | in_node iptables-nft-restore --noflush || fail "$SERVICES Services cannot be installed"
follow_change iptables-nft iptables-nft
clear_rules

{
	kube_nft ip ipv4_addr 10.96.0.1 192.0.2.8 310
	kube_nft ip6 ipv6_addr fd00:96::1 2001:db8::8 311
} | in_node nft -f - || fail "the maps cannot be installed by nft"
records
same_records nftables < <(
	nft_records 10.96.0.1 192.0.2.8 310
	nft_records fd00:96::1 2001:db8::8 311
)
clear_rules

if restore_as legacy 2>"$SCENE_DIR/legacy"; then
	records
	same_records iptables-legacy < <(all_records)
	clear_rules
	many_rules | in_node iptables-legacy-restore --noflush || fail "$SERVICES Services cannot be installed"
	follow_change iptables-legacy iptables-legacy
else
	grep -qE "missing kernel module|do you need to insmod|not supported|No such file|No chain/target/match" "$SCENE_DIR/legacy" ||
		fail "iptables-legacy: $(cat "$SCENE_DIR/legacy")"
	printf '%s: iptables-legacy: SKIPPED: %s\n' "$SCENE_NAME" "$(awk 'NR == 1' "$SCENE_DIR/legacy")"
fi
