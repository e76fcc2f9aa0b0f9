# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# How each mechanism gets into the node and out again, and what the kernel lacks for it. Nothing here looks at a
# kernel's version: it is tried. Reads what describe() of the scene sets.

# The scene's variables.
# shellcheck disable=SC2153,SC2154

# kube-proxy names a chain after the first 16 characters of the base32 of a SHA-256: of "shop/cart:http" and "tcp" for
# the Service, with "address:port" behind it for each endpoint.
readonly KUBE_SVC=KUBE-SVC-I5LIAMPLWKMBJ54B
# shellcheck disable=SC2079 # no decimals: keys
readonly -A KUBE_SEP=(
	["10.244.1.12:8080"]=KUBE-SEP-4O5AICOKW2EZK2IV ["10.244.1.13:8080"]=KUBE-SEP-AXDFBYILIVM3XKP7
	["[fd00:244:1::12]:8080"]=KUBE-SEP-R5D4KYIHTHVCRCQU ["[fd00:244:1::13]:8080"]=KUBE-SEP-Z5NMT46WL4GSMULR
)

# Not every one of these is asked for by name when a rule needs it. Those that are not there show when they are needed.
load_modules() {
	modprobe -qa ip_vs ip_vs_rr ip_tables iptable_nat xt_nat xt_tcpudp xt_comment xt_addrtype xt_statistic xt_mark \
		xt_conntrack xt_MASQUERADE || true
}

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
	in_node ipvsadm -A -t "$VIP:$PORT" -s rr &&
		in_node sysctl -qw "net.ipv4.vs.conntrack=$1" &&
		in_node ip addr add "$VIP/32" dev lo &&
		in_node ipvsadm -a -t "$VIP:$PORT" -r "${TARGETS[0]}" -m
}

# The Service's rules as kube-proxy writes them, and the jumps to its chains.
kube_proxy_rules() {
	local pods="! -s 10.244.1.0/24" target probability="-m statistic --mode random --probability 0.5000000000 "
	local cart="-m comment --comment shop/cart:http" cluster_ip address

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
		address=${target%:*} address=${address#[}
		printf -- '-A %s %s -s %s -j KUBE-MARK-MASQ\n' "${KUBE_SEP[$target]}" "$cart" "${address%]}"
		printf -- '-A %s %s -m tcp -p tcp -j DNAT --to-destination %s\n' "${KUBE_SEP[$target]}" "$cart" "$target"
		probability=
	done
	cat <<-END
		-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
		COMMIT
	END
}

# install_mechanism: status 0 if the kernel took all of it. No error ends it by itself: the caller asks.
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

# remove_mechanism: what there is of it.
remove_mechanism() {
	in_node nft flush ruleset
	case $MECHANISM in
	iptables-legacy) in_node iptables-legacy -t nat -F 2>/dev/null || true ;;
	ipvs*)
		in_node ipvsadm -C 2>/dev/null || true
		in_node ip addr del "$VIP/32" dev lo 2>/dev/null || true
		;;
	esac
}

# How iptables, nft and ipvsadm say that it is the kernel which does not have something. What they do not understand
# themselves is a mistake of this scene.
readonly KERNEL_LACKS="missing kernel module|do you need to insmod|not supported|Not supported|No such file or directory|\
Protocol not available|No chain/target/match by that name|engine not found"

# is_refused COMMAND...: the kernel does not take it. Why is then what refusal says.
is_refused() { ! "$@" >/dev/null 2>"$SCENE_DIR/refusal" && grep -qE "$KERNEL_LACKS" "$SCENE_DIR/refusal"; }

refusal() { grep -E "$KERNEL_LACKS" "$SCENE_DIR/refusal" | awk 'NR == 1'; }

lacks_ipvs() {
	if is_refused in_node ipvsadm -Ln; then
		echo "no IPVS in this kernel: modprobe ip_vs and ipvsadm -Ln fail"
	elif is_refused in_node ipvsadm -A -t 192.0.2.1:80 -s rr; then
		echo "no scheduler ip_vs_rr in this kernel: ipvsadm -A -s rr: $(refusal)"
	elif ! in_node test -e /proc/sys/net/ipv4/vs/conntrack; then
		echo "no net.ipv4.vs.conntrack: this kernel's IPVS is built without conntrack"
	fi
}

lacks_map() {
	nftables_map >"$SCENE_DIR/map"
	! is_refused in_node nft --check -f "$SCENE_DIR/map" ||
		echo "no dnat by a map of addresses and ports in this kernel's nf_tables: $(refusal)"
}

# Each part of kube-proxy's rules by itself, so that the one that is not there is named.
lacks_kube_proxy() {
	local part words
	local -A parts=(
		[xt_comment]="PREROUTING -m comment --comment x" [xt_addrtype]="PREROUTING -m addrtype --dst-type LOCAL"
		[xt_statistic]="PREROUTING -m statistic --mode random --probability 0.5"
		[xt_mark]="PREROUTING -m mark --mark 0x4000/0x4000 -j MARK --or-mark 0x4000"
		[xt_conntrack]="PREROUTING -m conntrack --ctstate INVALID"
		[xt_MASQUERADE]="POSTROUTING -j MASQUERADE --random-fully"
	)

	for part in "${!parts[@]}"; do
		read -ra words <<<"${parts[$part]}"
		! is_refused iptables_nft -t nat -A "${words[@]}" ||
			echo "no $part in this kernel: iptables-nft ${words[*]}: $(refusal)"
	done | paste -sd ';'
}

# missing_feature: which one this kernel lacks, if the mechanism could not be installed for that reason. Nothing else
# is a reason to skip it.
missing_feature() {
	case $MECHANISM in
	ipvs*) lacks_ipvs ;;
	iptables-legacy)
		! is_refused in_node iptables-legacy -t nat -S ||
			echo "no nat table of ip_tables in this kernel: modprobe iptable_nat and iptables-legacy -t nat fail: $(refusal)"
		;;
	nftables-map*) lacks_map ;;
	iptables-nft* | kube-proxy*)
		if is_refused install_dnat_rule iptables_nft; then
			echo "no DNAT by nf_tables in this kernel (nft_compat, nft_chain_nat, xt_nat): $(refusal)"
		elif [[ $MECHANISM == kube-proxy* ]]; then
			lacks_kube_proxy
		fi
		;;
	esac
}
