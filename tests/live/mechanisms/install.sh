# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# How each mechanism gets into the node and out again, and what the kernel lacks for it. Nothing here looks at a
# kernel's version: missing_feature tries. Reads what describe() of the scene sets: MECHANISM, FAMILY, VIP, PORT, and
# for each of the family's servers "address:port" in TARGETS.

# What describe() sets, and the scene's constants.
# shellcheck disable=SC2154

# kube-proxy names a chain after the first 16 characters of the base32 of a SHA-256: of "shop/cart:http" and "tcp" for
# the Service, with "address:port" behind it for each endpoint.
readonly KUBE_SVC=KUBE-SVC-I5LIAMPLWKMBJ54B
# shellcheck disable=SC2079 # no decimals: keys
readonly -A KUBE_SEP=(
	["10.244.1.12:8080"]=KUBE-SEP-4O5AICOKW2EZK2IV ["10.244.1.13:8080"]=KUBE-SEP-AXDFBYILIVM3XKP7
	["[fd00:244:1::12]:8080"]=KUBE-SEP-R5D4KYIHTHVCRCQU ["[fd00:244:1::13]:8080"]=KUBE-SEP-Z5NMT46WL4GSMULR
)

iptables_nft() {
	case $FAMILY in
	4) in_node iptables-nft "$@" ;;
	6) in_node ip6tables-nft "$@" ;;
	esac
}

install_dnat_rule() {
	"$@" -t nat -A PREROUTING -d "$VIP" -p tcp --dport "$PORT" -j DNAT --to-destination "${TARGETS[0]}"
}

nftables_map() {
	local ip=ip address=ipv4_addr

	[ "$FAMILY" = 4 ] || ip=ip6 address=ipv6_addr
	cat <<-END
		table $ip services {
			map targets {
				type $address . inet_service : $address . inet_service
				elements = { $VIP . $PORT : ${SERVERS[0]} . 8080 }
			}
			chain prerouting {
				type nat hook prerouting priority dstnat
				dnat $ip to $ip daddr . tcp dport map @targets
			}
		}
	END
}

# What registers conntrack in a namespace besides translation: any rule that asks for its state.
install_conntrack_rule() {
	in_node nft -f - <<-END
		table ip state {
			chain forward {
				type filter hook forward priority filter
				ct state new counter
			}
		}
	END
}

# install_ipvs CONNTRACK: a virtual server on a local address, in masquerade mode, which is how kube-proxy uses it.
install_ipvs() {
	in_node sysctl -qw "net.ipv4.vs.conntrack=$1"
	in_node ip addr add "$VIP/32" dev lo
	in_node ipvsadm -A -t "$VIP:$PORT" -s rr
	in_node ipvsadm -a -t "$VIP:$PORT" -r "${TARGETS[0]}" -m
}

# The Service's rules as kube-proxy writes them, all of them below the chains that it jumps to once and for all.
kube_proxy_rules() {
	local pods="! -s 10.244.1.0/24" target probability="-m statistic --mode random --probability 0.5000000000 "
	local cart="-m comment --comment shop/cart:http" cluster_ip

	cluster_ip="-m comment --comment \"shop/cart:http cluster IP\" -m tcp -p tcp -d $VIP --dport $PORT"
	[ "$FAMILY" = 4 ] || pods="! -s fd00:244:1::/64"
	[[ $MECHANISM != *masquerade* ]] || pods= # --masquerade-all
	cat <<-END
		*filter
		:KUBE-FORWARD - [0:0]
		-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
		-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
		-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
		-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		COMMIT
		*nat
		:KUBE-SERVICES - [0:0]
		:KUBE-NODEPORTS - [0:0]
		:KUBE-POSTROUTING - [0:0]
		:KUBE-MARK-MASQ - [0:0]
		:$KUBE_SVC - [0:0]
		:${KUBE_SEP[${TARGETS[0]}]} - [0:0]
		:${KUBE_SEP[${TARGETS[1]}]} - [0:0]
		-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
		-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
		-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
		-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
		-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000
		-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
		-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000
		-A KUBE-SERVICES $cluster_ip -j $KUBE_SVC
		-A $KUBE_SVC $cluster_ip $pods -j KUBE-MARK-MASQ
	END
	for target in "${TARGETS[@]}"; do
		printf -- '-A %s -m comment --comment "shop/cart:http -> %s" %s-j %s\n' "$KUBE_SVC" "$target" "$probability" \
			"${KUBE_SEP[$target]}"
		printf -- '-A %s %s -s %s -j KUBE-MARK-MASQ\n' "${KUBE_SEP[$target]}" "$cart" "$(address_of "$target")"
		printf -- '-A %s %s -m tcp -p tcp -j DNAT --to-destination %s\n' "${KUBE_SEP[$target]}" "$cart" "$target"
		probability=
	done
	cat <<-END
		-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
		COMMIT
	END
}

# address_of ADDRESS:PORT
address_of() {
	local address=${1%:*}

	address=${address#[}
	printf '%s\n' "${address%]}"
}

install_mechanism() {
	case $MECHANISM in
	ipvs-without-conntrack) install_ipvs 0 ;;
	ipvs) install_conntrack_rule && install_ipvs 0 ;;
	ipvs-conntrack) install_conntrack_rule && install_ipvs 1 ;;
	iptables-nft*) install_dnat_rule iptables_nft ;;
	iptables-legacy) install_dnat_rule in_node iptables-legacy ;;
	nftables-map*) nftables_map | in_node nft -f - ;;
	kube-proxy*-ipv6) kube_proxy_rules | in_node ip6tables-nft-restore --noflush --counters ;;
	kube-proxy*) kube_proxy_rules | in_node iptables-nft-restore --noflush --counters ;;
	*) fail "nobody knows how to install the mechanism $MECHANISM" ;;
	esac
}

remove_mechanism() {
	in_node nft flush ruleset
	case $MECHANISM in
	iptables-legacy) in_node iptables-legacy -t nat -F ;;
	ipvs*)
		in_node ipvsadm -C
		in_node ip addr del "$VIP/32" dev lo
		;;
	esac
}

# is_refused COMMAND...: the kernel does not take it. What it says is in refusal.
is_refused() {
	! "$@" >/dev/null 2>"$SCENE_DIR/refusal"
}

refusal() { grep -m 1 . "$SCENE_DIR/refusal" || echo "no reason given"; }

lacks_ipvs() {
	modprobe -qa ip_vs ip_vs_rr || true
	if is_refused in_node ipvsadm -Ln; then
		echo "no IPVS in this kernel: modprobe ip_vs and ipvsadm -Ln fail"
	elif is_refused in_node ipvsadm -A -t 192.0.2.1:80 -s rr; then
		echo "no IPVS scheduler rr in this kernel: ipvsadm -A -s rr: $(refusal)"
	elif ! in_node ipvsadm -D -t 192.0.2.1:80; then
		fail "an IPVS service cannot be deleted"
	elif [ "$MECHANISM" = ipvs-conntrack ] && ! in_node test -e /proc/sys/net/ipv4/vs/conntrack; then
		echo "no net.ipv4.vs.conntrack: this kernel's IPVS is built without conntrack"
	fi
}

# Each part of kube-proxy's rules by itself, so that the one that is not there is named.
lacks_kube_proxy() {
	local part words

	for part in comment addrtype statistic mark conntrack MARK; do
		case $part in
		comment) words="-m comment --comment x" ;;
		addrtype) words="-m addrtype --dst-type LOCAL" ;;
		statistic) words="-m statistic --mode random --probability 0.5" ;;
		mark) words="-m mark --mark 0x4000/0x4000" ;;
		conntrack) words="-m conntrack --ctstate INVALID" ;;
		MARK) words="-j MARK --or-mark 0x4000" ;;
		esac
		modprobe -q "xt_$part" || true
		# shellcheck disable=SC2086 # words
		if is_refused iptables_nft -t nat -A PREROUTING $words; then
			echo "no xt_$part in this kernel: iptables-nft $words: $(refusal)"
			return
		fi
	done
	modprobe -q xt_MASQUERADE || true
	! is_refused iptables_nft -t nat -A POSTROUTING -j MASQUERADE --random-fully ||
		echo "no MASQUERADE --random-fully in this kernel: $(refusal)"
}

# missing_feature: what this kernel lacks for the mechanism; nothing if it has all.
missing_feature() {
	case $MECHANISM in
	ipvs*) lacks_ipvs ;;
	iptables-legacy)
		modprobe -qa ip_tables iptable_nat xt_nat xt_tcpudp || true
		! is_refused install_dnat_rule in_node iptables-legacy ||
			echo "no nat table of ip_tables in this kernel: modprobe iptable_nat and iptables-legacy -t nat fail: $(refusal)"
		;;
	nftables-map*)
		nftables_map >"$SCENE_DIR/map"
		! is_refused in_node nft --check -f "$SCENE_DIR/map" ||
			echo "no dnat by a map of addresses and ports in this kernel's nf_tables: $(refusal)"
		;;
	iptables-nft* | kube-proxy*)
		if is_refused install_dnat_rule iptables_nft; then
			echo "no DNAT by nf_tables in this kernel (nft_compat, nft_chain_nat, xt_nat): $(refusal)"
		elif [[ $MECHANISM == kube-proxy* ]]; then
			lacks_kube_proxy
		fi
		;;
	esac
	case $MECHANISM in
	iptables-legacy) in_node iptables-legacy -t nat -F 2>/dev/null || true ;;
	*) in_node nft flush ruleset ;;
	esac
}
