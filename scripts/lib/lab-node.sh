# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the lab's node is made of; scripts/lab holds the picture and the commands. It gives the variables name,
# namespaces, state, here, setting, static and servers, and reads step (what is being done, for a failure's
# message).
#
# All names of interfaces are the same in every lab, since each lives in namespaces of its own; made straight
# in their final namespace, they never show up in the caller's.

# What is "referenced but not assigned" or "unused" here is scripts/lab's.
# shellcheck disable=SC2154,SC2034

# No process substitution anywhere: it needs /dev/fd, which udev makes and a minimal guest lacks. And few
# $(...): a fork that costs nothing here is felt in an emulated guest.

pods=(frontend cart dns loadgen)

# The last part of everyone's addresses, in both families and in Ethernet.
declare -A last=([node]=1 [frontend]=11 [cart]=12 [dns]=13 [loadgen]=14)
ipv4=10.244.1.
ipv6=fd00:244:1::
mac=02:42:0a:f4:01:

# service, ClusterIP, port, protocol, pod, port there
services=(
	"shop/cart:http      10.96.0.10  80 tcp cart 8080"
	"shop/cart:http      fd00:96::10 80 tcp cart 8080"
	"kube-system/dns:dns 10.96.0.53  53 udp dns  5353"
)

# server, pod, protocol, port
server_table=("http cart tcp 8080" "udp-echo dns udp 5353")

in_netns() {
	local ns=$1
	shift
	nsenter --net="/run/netns/$ns" -- "$@"
}

in_node() {
	in_netns "$name-node" "$@"
}

# ip in a namespace: one process less than in_netns, and as little as that leaves /sys alone.
ip_in() {
	local ns=$1
	shift
	ip -n "$ns" "$@"
}

# Before any interface is made, because what it sends first it sends when it comes up.
quiet_netns() {
	# MLD cannot be turned off, but version 1 with the shortest interval is over within milliseconds of coming
	# up, and shows in /proc/net/igmp6 when it is (see is_quiet). ICMP redirects would follow requests that
	# enter and leave by the same bridge; IPv6 has no switch for them, but they need a link-local address as
	# their source. Neighbour discovery for a forwarded packet needs one, too, so they are left out
	# (addr_gen_mode 1) only where the neighbours are permanent.
	in_netns "$1" sysctl -qw \
		net.ipv6.conf.default.disable_ipv6=0 \
		net.ipv6.conf.all.accept_dad=0 \
		net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.default.dad_transmits=0 \
		net.ipv6.conf.default.accept_ra=0 \
		net.ipv6.conf.default.autoconf=0 \
		net.ipv6.conf.default.router_solicitations=0 \
		"net.ipv6.conf.default.addr_gen_mode=$static" \
		net.ipv6.conf.default.ndisc_notify=0 \
		net.ipv6.conf.all.force_mld_version=1 \
		net.ipv6.conf.default.force_mld_version=1 \
		net.ipv6.conf.default.mldv1_unsolicited_report_interval=1 \
		net.ipv4.conf.all.arp_notify=0 \
		net.ipv4.conf.default.arp_notify=0 \
		net.ipv4.conf.all.send_redirects=0 \
		net.ipv4.conf.default.send_redirects=0
}

make_bridge() {
	in_node sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.forwarding=1
	# forward_delay 0: else a port learns for 15 s before it forwards, STP or not. The routes to the ClusterIPs
	# are for the node's own requests: OUTPUT translates only what has found a route, and there is no uplink.
	ip_in "$name-node" -batch - <<-END
		link set lo up
		link add cni0 address $mac${last[node]} type bridge stp_state 0 forward_delay 0 mcast_snooping 0
		addr add $ipv4${last[node]}/24 brd + dev cni0
		addr add $ipv6${last[node]}/64 dev cni0 nodad
		link set cni0 up
		route add 10.96.0.0/16 dev cni0 src $ipv4${last[node]}
		route add fd00:96::/112 dev cni0 src $ipv6${last[node]}
	END
	# The ports still to come are no hosts: without IPv6 they announce nothing.
	in_node sysctl -qw net.ipv6.conf.default.disable_ipv6=1
}

# Both ends of everyone's link, still down.
make_links() {
	local pod
	for pod in "${pods[@]}"; do
		[[ ${#pod} -le 10 ]] || die "the interface name veth-$pod is longer than the 15 characters the kernel takes"
		printf 'link add veth-%s type veth peer name eth0 address %s netns %s\n' "$pod" "$mac${last[$pod]}" "$name-$pod"
	done | ip_in "$name-node" -batch -
}

make_pod() {
	local pod=$1
	{
		printf '%s\n' 'link set lo up' \
			"addr add $ipv4${last[$pod]}/24 brd + dev eth0" \
			"addr add $ipv6${last[$pod]}/64 dev eth0 nodad" \
			'link set eth0 up' \
			"route add default via $ipv4${last[node]}" \
			"route add default via $ipv6${last[node]}"
		((static == 0)) || neighbours_of "$pod" eth0
	} | ip_in "$name-$pod" -batch -
}

# neighbours_of WHO DEVICE: "neigh" lines for everyone else
neighbours_of() {
	local other
	for other in node "${pods[@]}"; do
		[[ $other != "$1" ]] || continue
		printf "neigh replace %s lladdr $mac${last[$other]} dev $2 nud permanent\n" \
			"$ipv4${last[$other]}" "$ipv6${last[$other]}"
	done
}

# Only now do the links carry anything.
make_ports() {
	local pod
	{
		printf 'link set veth-%s master cni0 up\n' "${pods[@]}"
		((static == 0)) || neighbours_of node cni0
	} | ip_in "$name-node" -batch -
	((static)) || return 0
	# Without ARP the bridge has learned no address when the first frame comes, and would flood it.
	for pod in "${pods[@]}"; do
		printf 'fdb replace %s dev veth-%s master static\n' "$mac${last[$pod]}" "$pod"
	done | bridge -n "$name-node" -batch -
}

# The rules of one family (4 or 6), in the form of kube-proxy.
nat_rules() {
	local family=$1 row service ip port protocol pod target
	printf '%s\n' '*nat' ':KUBE-SERVICES - [0:0]' \
		'-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES' \
		'-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES'
	for row in "${services[@]}"; do
		read -r service ip port protocol pod target <<<"$row"
		case $family:$ip in
		4:*.*) target=$ipv4${last[$pod]}:$target ;;
		6:*:*) target=[$ipv6${last[$pod]}]:$target ;;
		*) continue ;;
		esac
		printf -- '-A KUBE-SERVICES -d %s -p %s -m comment --comment "%s" -m %s --dport %s -j DNAT --to-destination %s\n' \
			"$ip" "$protocol" "$service" "$protocol" "$port" "$target"
	done
	printf 'COMMIT\n'
}

make_services() {
	nat_rules 4 | in_node iptables-restore --noflush
	if ! nat_rules 6 | in_node ip6tables-restore --noflush; then
		note "ip6tables takes no nat rules here (see above): the lab goes on without Services over IPv6"
	fi
}

# The setting, or $1 when br_netfilter is not there; "0/1" when the families differ.
lab_setting_or() {
	local values
	values=$(in_node sysctl -n net.bridge.bridge-nf-call-iptables net.bridge.bridge-nf-call-ip6tables 2>/dev/null) ||
		values=$1
	values=${values//$'\n'//}
	[[ $values == "${values%/*}/${values%/*}" ]] && values=${values%/*}
	printf '%s\n' "$values"
}

apply_setting() {
	if ! in_node test -d /proc/sys/net/bridge; then
		note "/proc/sys/net/bridge is missing in $name-node: br_netfilter is not loaded"
		((setting == 0)) || die "the setting 1 needs it; as root: modprobe br_netfilter, and try again"
		note "no frame is handed to the IP hooks then, just as with the setting 0"
		return 0
	fi
	in_node sysctl -qw "net.bridge.bridge-nf-call-iptables=$setting" "net.bridge.bridge-nf-call-ip6tables=$setting"
}

# start_server SERVER POD COMMAND...: a session of its own, so that no terminal reaches it, and down can end it
# with its children. It becomes the server only when its record is written; if we end before that, the pipe it
# waits on does, too. So no server runs unrecorded, whenever we are killed. Call it in a subshell: bash warns
# of a second coprocess while it knows of a first.
start_server() {
	local server=$1 pod=$2 fd
	shift 2
	coproc starter {
		read -r _ || exit 0
		# Whoever runs the lab in a pipe or holds a lock must not wait for the servers to close it.
		for fd in "/proc/$BASHPID/fd/"*; do
			fd=${fd##*/}
			((fd <= 2 || fd == 255)) || exec {fd}>&-
		done
		cd /
		exec setsid nsenter --net="/run/netns/$name-$pod" -- "$@" </dev/null >"$state/log/$server" 2>&1
	}
	# shellcheck disable=SC2154 # coproc sets it
	process_record "$state/pids/$server" "$starter_PID"
	printf 'go\n' >&"${starter[1]}"
}

is_listening() {
	local pod=$1 protocol=$2 port=$3
	[[ $(in_netns "$name-$pod" ss -Hln "--$protocol" "sport = :$port") ]]
}

start_servers() {
	local row server pod protocol port
	mkdir "$state/pids" "$state/log" "$state/www"
	printf 'cart: hello from %s-cart\n' "$name" >"$state/www/index.html"
	(start_server http cart busybox httpd -f -p 8080 -h "$state/www")
	(start_server udp-echo dns perl "$here/lib/udp-echo" 5353)
	for row in "${server_table[@]}"; do
		read -r server pod protocol port <<<"$row"
		wait_until 20 is_listening "$pod" "$protocol" "$port" ||
			die "the server $server does not listen on $pod:$port; it says: $(tail -n 3 "$state/log/$server")"
	done
}

# For brpath --names: addresses that no pod carries, in the form of hosts(5).
write_hosts() {
	local row service ip rest
	for row in "${services[@]}"; do
		read -r service ip rest <<<"$row"
		printf '%s %s\n' "$ip" "${service%:*}"
	done
	printf '%s node\n' "$ipv4${last[node]}" "$ipv6${last[node]}"
}

# All ports forward, no MLD report is still to come (the flags' last bit: timer running), and no interface has
# counted a packet since the last look. A namespace that is through with MLD stays so.
is_quiet() {
	local ns before=$counters loud=()
	(($(bridge -n "$name-node" link | grep -c 'state forwarding') == ${#pods[@]})) || return 1
	for ns in "${restless[@]}"; do
		! in_netns "$ns" grep -qE ' [0-9A-F]{7}[13579BDF] ' /proc/net/igmp6 || loud+=("$ns")
	done
	restless=("${loud[@]}")
	((${#restless[@]} == 0)) || return 1
	sleep 0.05
	counters=$(in_node cat /proc/net/dev)
	[[ $counters == "$before" ]]
}

build_lab() {
	local ns pod counters='' restless=("${namespaces[@]}")
	for ns in "${namespaces[@]}"; do
		step="make the namespace $ns"
		ip netns add "$ns"
		quiet_netns "$ns"
	done
	step="set the setting to $setting"
	apply_setting
	step="make the bridge"
	make_bridge
	step="make the links"
	make_links
	for pod in "${pods[@]}"; do
		step="make the pod $pod"
		make_pod "$pod"
	done
	step="make the bridge's ports"
	make_ports
	step="write the rules of the Services"
	make_services
	step="write the names"
	write_hosts >"$state/hosts"
	if ((servers)); then
		step="start the servers"
		start_servers
	fi
	step="wait for the links to be quiet"
	wait_until 20 is_quiet || die "its links are not quiet after 20 s"
}

remove_netns() {
	local ns=$1 pid links link own=''
	[[ -e /run/netns/$ns ]] || return 0
	# It fails for what is no namespace but the empty file that is left of one after a reboot.
	if links=$(ip_in "$ns" -o link show 2>/dev/null); then
		for pid in $(ip netns pids "$ns"); do
			note "process $pid ($(cat "/proc/$pid/comm" 2>/dev/null || echo gone)) is still in $ns; it is left alone"
		done
		# Such a process keeps the namespace alive without a name; it shall not keep the links as well.
		while read -r _ link _; do
			[[ ! $link =~ ^(cni0|veth-[a-z]+|eth0)[@:] ]] || own+="link del ${BASH_REMATCH[1]}"$'\n'
		done <<<"$links"
		[[ -z $own ]] || ip_in "$ns" -batch - <<<"$own" || return 1
	fi
	ip netns del "$ns"
}

print_pods() {
	local pod
	printf 'pods\n'
	for pod in "${pods[@]}"; do
		printf '  %-10s %-13s %-16s %-14s %s%s\n' "$pod" "$ipv4${last[$pod]}" "$ipv6${last[$pod]}" "veth-$pod" \
			"$name-$pod" "$([[ -e /run/netns/$name-$pod ]] || echo ' (GONE)')"
	done
}

print_services() {
	local row rules service ip port protocol pod target missing
	printf 'services\n'
	rules=$(in_node iptables-save -t nat 2>/dev/null && in_node ip6tables-save -t nat 2>/dev/null) || true
	for row in "${services[@]}"; do
		read -r service ip port protocol pod target <<<"$row"
		[[ $rules == *"-A KUBE-SERVICES -d $ip/"* ]] && missing='' || missing='  (NO RULE)'
		printf '  %-20s %-12s %3s/%s -> %s:%s%s\n' "$service" "$ip" "$port" "$protocol" "$pod" "$target" "$missing"
	done
}

print_servers() {
	local row server pod protocol port pid
	printf 'servers\n'
	[[ -d $state/pids ]] || printf '  none (--no-servers)\n'
	for row in "${server_table[@]}"; do
		read -r server pod protocol port <<<"$row"
		[[ -e $state/pids/$server ]] || continue
		pid=$(process_pid "$state/pids/$server") && pid="pid $pid, alive" || pid='NOT ALIVE'
		printf '  %-20s %s:%s/%s  %s\n' "$server" "$pod" "$port" "$protocol" "$pid"
	done
}

print_status() {
	printf '%s is up; setting %s (bridge-nf-call-iptables and -ip6tables in %s-node)\n' "$name" \
		"$(lab_setting_or 'absent (no br_netfilter)')" "$name"
	! grep -qx static=1 "$state/settings" || printf 'neighbours and forwarding entries are permanent\n'
	print_pods
	print_services
	print_servers
}
