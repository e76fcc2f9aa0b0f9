#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Names of pods from libcni's result cache: in every pair; of an address that moves, from that moment and not before; of
# a pod that is gone; and with three hundred pods that come and go with the same addresses never a wrong one. Oracle:
# what the scene itself made: which pod had which address when, and how many datagrams it sent.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/lib/streams.sh
. "$(dirname "$0")/lib/streams.sh"
# shellcheck source=tests/live/lib/overload.sh
. "$(dirname "$0")/lib/overload.sh"

readonly ROOT=$SCENE_DIR/root
readonly RESULTS=$ROOT/var/lib/cni/results
readonly MOVING=10.244.1.99 CART=10.244.1.12
readonly ROUNDS=10 PODS=30 EACH=3
readonly GROUP=7 # devices of one group can be removed at once
declare -A MAC=()
namespace=

also_at_exit() { [ -z "$namespace" ] || ip netns del "$namespace" 2>/dev/null || true; }

# result POD NAMESPACE PORT ADDRESS: the file that libcni writes for a pod on a bridge. Not in one go, as it is there.
result() {
	local id file

	id=$(printf '%s' "$2/$1" | sha256sum | cut -d ' ' -f 1)
	file=$RESULTS/cbr0-$id-eth0
	: >"$file"
	jq -n --arg pod "$1" --arg space "$2" --arg port "$3" --arg address "$4" --arg id "$id" '{kind: "cniCacheV1",
		containerId: $id, config: "e30=", ifName: "eth0", networkName: "cbr0",
		cniArgs: [["IgnoreUnknown", "1"], ["K8S_POD_NAMESPACE", $space], ["K8S_POD_NAME", $pod],
			["K8S_POD_INFRA_CONTAINER_ID", $id]], capabilityArgs: {portMappings: []},
		result: {cniVersion: "0.3.1", dns: {}, interfaces: [{mac: "0a:58:0a:f4:01:01", name: "cni0"},
			{mac: "5e:11:22:33:44:55", name: $port},
			{mac: "0a:58:0a:f4:01:0b", name: "eth0", sandbox: "/var/run/netns/cni-\($pod)"}],
		ips: [{address: "\($address)/24", gateway: "10.244.1.1", interface: 2, version: "4"}],
		routes: [{dst: "0.0.0.0/0"}]}}' -c >"$file"
}

# ask POD COUNT FROM: datagrams to cart, from an address that is POD's now
ask() {
	in_pod "$1" taskset -c 0 "$TRAFFIC" frame --device eth0 --from "${MAC[$1]}" --to "${MAC[cart]}" --protocol 17 \
		--source "$3" --source-port 40000 --destination "$CART" --port 7001 --count "$2"
}

# expect_rows WHAT IP-PREFIX EXPECTED: the pairs of those clients, in every backend's newest summary.
expect_rows() {
	local backend

	await_fresh "$backends"
	for backend in $backends; do
		same "$backend: $1" "$3" "$(jq -r "[.pairs[] | select(.client.ip // \"\" | startswith(\"$2\"))
			| \"\(.client.name) \(.client.port_device) \(.server.name) \(.to_server.frames)\"] | sort
			| join(\", \")" <<<"${LAST[$backend]}")"
	done
}

# make_pods ROUND: their far ends are in one namespace.
make_pods() {
	local pod

	namespace=$PREFIX-churn$1
	ip netns add "$namespace"
	nsenter --net="/run/netns/$namespace" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
		net.ipv6.conf.default.disable_ipv6=1
	for ((pod = 0; pod < PODS; pod++)); do
		printf 'link add v%d-%d group %d type veth peer name pod%d netns %s\n' "$1" "$pod" "$GROUP" "$pod" "$namespace"
		printf 'link set v%d-%d master cni0 up\n' "$1" "$pod"
	done | in_node ip -batch -
	for ((pod = 0; pod < PODS; pod++)); do
		printf 'addr add 10.245.0.%d/32 dev pod%d\nlink set pod%d up\n' $((pod + 1)) "$pod" "$pod"
	done | nsenter --net="/run/netns/$namespace" ip -batch -
}

# churn ROUND: pods with names (all but in the last round), that send and are gone at once.
churn() {
	local pod

	make_pods "$1"
	if [ "$1" -ne "$ROUNDS" ]; then
		for ((pod = 0; pod < PODS; pod++)); do
			result "r$1-p$pod" churn "v$1-$pod" "10.245.0.$((pod + 1))"
		done
	fi
	await_fresh "$backends"
	nsenter --net="/run/netns/$namespace" taskset -c 0 "$TRAFFIC" crowd --device pod --devices "$PODS" \
		--source 10.245.0.1 --source-port 40000 --to "${MAC[cart]}" --destination "$CART" --port 7001 --count "$EACH"
	rm -f "$RESULTS"/*
	in_node ip link del group "$GROUP"
	ip netns del "$namespace"
	namespace=
}

# check_churn BACKEND: every pod has its pair, with its own address, port and frames, and there is no other.
check_churn() {
	same "$1: pairs of pods, wrong ones, those without a name" "$((ROUNDS * PODS)) 0 $PODS" "$(summary "
		[.pairs[] | select(.client.ip // \"\" | startswith(\"10.245.\"))
		| (.client.ip | split(\".\")[3] | tonumber - 1) as \$pod
		| (.client.port_device[1:] | split(\"-\")[0] | tonumber) as \$round
		| {name: .client.name, right: (.to_server.frames == $EACH and .client.port_device == \"v\(\$round)-\(\$pod)\"
			and .client.name == if \$round == $ROUNDS then null else \"churn/r\(\$round)-p\(\$pod)\" end)}]
		| \"\(length) \(map(select(.right | not)) | length) \(map(select(.name == null)) | length)\"")"
}

mkdir -p "$RESULTS"
lab_up --setting 0
for pod in frontend loadgen cart; do
	pod_is_silent "$pod" 7001
	MAC[$pod]=$(mac_of "$pod")
done
result frontend shop veth-frontend 10.244.1.11
result cart shop veth-cart "$CART"
result loadgen load veth-loadgen 10.244.1.14
backends=$(usable_backends)
FORMAT=ndjson observe_all_start "$backends" --interval 100ms --names-root "$ROOT"
open_streams "$backends"

ask frontend 23 10.244.1.11
expect_rows "a pod and its namespace" 10.244.1.11 "shop/frontend veth-frontend shop/cart 23"

ask frontend 101 $MOVING
expect_rows "an address of its own" $MOVING "shop/frontend veth-frontend shop/cart 101"
ask loadgen 31 $MOVING
expect_rows "the address has moved" $MOVING \
	"load/loadgen veth-loadgen shop/cart 31, shop/frontend veth-frontend shop/cart 101"
ask frontend 7 $MOVING
expect_rows "and back" $MOVING \
	"load/loadgen veth-loadgen shop/cart 31, shop/frontend veth-frontend shop/cart 108"

rm -f "$RESULTS"/*
in_node ip link del veth-frontend
expect_rows "the pod is gone" 10.244.1.11 "shop/frontend veth-frontend shop/cart 23"

for ((round = 1; round <= ROUNDS; round++)); do
	churn "$round"
done
observe_all_stop
for backend in $backends; do
	look_at "$backend"
	check_every_summary "$backend" '(.names.sources | map(select(.id == "cni" and .state == "up")) | length) == 1'
	keep_last
	check_sums
	check_lossless
	check_churn "$backend"
done
