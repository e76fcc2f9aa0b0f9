# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# For scenes in which pods with names come and go, many at a time, in rounds, with the same addresses. Sourced after
# lib/streams.sh and lib/overload.sh. The scene says RESULTS (libcni's folder), CART (who gets datagrams, and is silent),
# ROUNDS, PODS (of each round), NAMELESS (the round whose pods have no names; 0: none) and EACH, the datagrams of a pod:
# one number for each round, and again from the first one.
# shellcheck disable=SC2154 # what lib.sh and the scene have

readonly CHURN_GROUP=7 # devices of one group can be removed at once
churn_namespace=
results_written=0

# churn_down: for also_at_exit.
churn_down() { [ -z "$churn_namespace" ] || ip netns del "$churn_namespace" 2>/dev/null || true; }

# result POD NAMESPACE PORT ADDRESS: the file that libcni writes for a pod on a bridge. Not in one go, as it is there.
# By bash alone: a process for each of a thousand pods takes its time.
result() {
	local id file arguments interfaces ips

	printf -v id '%064x' $((++results_written))
	file=$RESULTS/cbr0-$id-eth0
	: >"$file"
	arguments="[\"IgnoreUnknown\",\"1\"],[\"K8S_POD_NAMESPACE\",\"$2\"],[\"K8S_POD_NAME\",\"$1\"]"
	arguments+=",[\"K8S_POD_INFRA_CONTAINER_ID\",\"$id\"]"
	interfaces="{\"mac\":\"0a:58:0a:f4:01:01\",\"name\":\"cni0\"},{\"mac\":\"5e:11:22:33:44:55\",\"name\":\"$3\"}"
	interfaces+=",{\"mac\":\"0a:58:0a:f4:01:0b\",\"name\":\"eth0\",\"sandbox\":\"/var/run/netns/cni-$1\"}"
	ips="{\"address\":\"$4/24\",\"gateway\":\"10.244.1.1\",\"interface\":2,\"version\":\"4\"}"
	printf '{"kind":"cniCacheV1","containerId":"%s","config":"e30=","ifName":"eth0","networkName":"cbr0",' "$id" >"$file"
	printf '"cniArgs":[%s],"capabilityArgs":{"portMappings":[]},"result":{"cniVersion":"0.3.1","dns":{},' \
		"$arguments" >>"$file"
	printf '"interfaces":[%s],"ips":[%s],"routes":[{"dst":"0.0.0.0/0"}]}}' "$interfaces" "$ips" >>"$file"
}

# each ROUND
each() { echo "${EACH[$((($1 - 1) % ${#EACH[@]}))]}"; }

# make_pods ROUND: their far ends are in one namespace.
make_pods() {
	local pod

	churn_namespace=$PREFIX-churn$1
	ip netns add "$churn_namespace"
	nsenter --net="/run/netns/$churn_namespace" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
		net.ipv6.conf.default.disable_ipv6=1
	for ((pod = 0; pod < PODS; pod++)); do
		printf 'link add v%d-%d group %d type veth peer name pod%d netns %s\n' "$1" "$pod" "$CHURN_GROUP" "$pod" \
			"$churn_namespace"
		printf 'link set v%d-%d master cni0 up\n' "$1" "$pod"
	done | in_node ip -batch -
	for ((pod = 0; pod < PODS; pod++)); do
		printf 'addr add 10.245.0.%d/32 dev pod%d\nlink set pod%d up\n' $((pod + 1)) "$pod" "$pod"
	done | nsenter --net="/run/netns/$churn_namespace" ip -batch -
}

# churn ROUND MAC-OF-CART: pods that get names, send, and are gone at once.
churn() {
	local pod

	make_pods "$1"
	if [ "$1" -ne "$NAMELESS" ]; then
		for ((pod = 0; pod < PODS; pod++)); do
			result "r$1-p$pod" churn "v$1-$pod" "10.245.0.$((pod + 1))"
		done
	fi
	await_fresh "$backends"
	nsenter --net="/run/netns/$churn_namespace" taskset -c 0 "$TRAFFIC" crowd --device pod --devices "$PODS" \
		--source 10.245.0.1 --source-port 40000 --to "$2" --destination "$CART" --port 7001 --count "$(each "$1")"
	rm -f "$RESULTS"/*
	in_node ip link del group "$CHURN_GROUP"
	ip netns del "$churn_namespace"
	churn_namespace=
}

# check_churn BACKEND: every pod has its pair, with its own address, port and frames, and there is no other.
check_churn() {
	local list

	list=$(printf '%s,' "${EACH[@]}")
	same "$1: pairs of pods, wrong ones, those without a name" "$((ROUNDS * PODS)) 0 $((NAMELESS ? PODS : 0))" \
		"$(summary "[${list%,}] as \$each | [.pairs[] | select(.client.ip // \"\" | startswith(\"10.245.\"))
		| (.client.ip | split(\".\")[3] | tonumber - 1) as \$pod
		| (.client.port_device[1:] | split(\"-\")[0] | tonumber) as \$round
		| {name: .client.name, right: (.to_server.frames == \$each[(\$round - 1) % (\$each | length)]
			and .client.port_device == \"v\(\$round)-\(\$pod)\"
			and .client.name == if \$round == $NAMELESS then null else \"churn/r\(\$round)-p\(\$pod)\" end)}]
		| \"\(length) \(map(select(.right | not)) | length) \(map(select(.name == null)) | length)\"")"
}
