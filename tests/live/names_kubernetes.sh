#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Names from the Kubernetes API, over TLS, with a watch that breaks, a version that is too old, a token that is replaced, a
# wrong certificate, an API that is not there or does not answer, five thousand pods, and a hostile name. Oracles: the pods
# and Services that the scene put there, the numbers of datagrams it sent, the API's own count of lists and watches.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/live/lib/streams.sh
. "$(dirname "$0")/lib/streams.sh"
# shellcheck source=tests/live/lib/overload.sh
. "$(dirname "$0")/lib/overload.sh"
# shellcheck source=tests/live/lib/kube.sh
. "$(dirname "$0")/lib/kube.sh"

readonly FRONTEND=10.244.1.11 CART=10.244.1.12 DNS=10.244.1.13 LOADGEN=10.244.1.14
readonly CART_SERVICE=10.96.0.10
declare -A MAC=()

also_at_exit() { kube_stop; }

# answers: a cluster of two nodes; this one is worker-1.
answers() {
	kube_list PodList pods "$(pod shop frontend-6d5f $FRONTEND)" "$(pod shop cart-7c9b $CART)" "$(pod far away 10.244.1.14 worker-2)"
	kube_list ServiceList services "$(service shop cart $CART_SERVICE 80 TCP http 30080)"
	kube_list NodeList nodes "$(node worker-1 192.168.60.1 10.244.1.0/24)" "$(node worker-2 192.168.60.2 10.244.2.0/24)"
	kube_list EndpointSliceList endpointslices "$(slice shop cart cart-7c9b $CART worker-1)"
	echo first >"$KUBE/token"
	cp "$KUBE/token" "$KUBE/own-token"
}

# observe_kube: in the background, a summary each 100 ms.
observe_kube() {
	FORMAT=ndjson observe_all_start "$backend" --interval 100ms --names-from kubernetes --kubeconfig "$KUBE/config"
	open_streams "$backend"
}

newest() { jq -r "$1" <<<"${LAST[$backend]}"; }

# source_says JQ-CONDITION: of the source in a summary that is still to come.
source_says() {
	await_fresh "$backend"
	[ "$(newest ".names.sources[0] | $1")" = true ]
}

await_source() { wait_for 60 source_says "$2" || fail "$1: $(newest '.names.sources[0]')"; }

# ask POD COUNT FROM: datagrams to cart.
ask() {
	in_pod "$1" "$TRAFFIC" frame --device eth0 --from "${MAC[$1]}" --to "${MAC[cart]}" --protocol 17 --source "$3" \
		--source-port 40000 --destination "$CART" --port 7001 --count "$2"
}

# expect_row WHAT ADDRESS EXPECTED: the pair of that client.
expect_row() {
	await_fresh "$backend"
	same "$1" "$3" "$(newest "[.pairs[] | select(.client.ip == \"$2\")
		| \"\(.client.name) \(.server.name) \(.to_server.frames)\"] | join(\", \")")"
}

check_watch() {
	observe_kube
	await_source "the API is up" '.state == "up" and .endpoints == 3 and .services == 2 and .why == null'
	ask frontend 23 $FRONTEND
	ask loadgen 7 $LOADGEN
	expect_row "two pods of this node" $FRONTEND "shop/frontend-6d5f shop/cart-7c9b 23"
	expect_row "a pod of another node, whose address is here" $LOADGEN "null shop/cart-7c9b 7"

	kube event pods "{\"type\": \"ADDED\", \"object\": $(pod load loadgen-1 $LOADGEN)}"
	await_source "an event" '.endpoints == 4'
	expect_row "a pod that came later" $LOADGEN "load/loadgen-1 shop/cart-7c9b 7"

	kube break
	kube event pods "{\"type\": \"DELETED\", \"object\": $(pod load loadgen-1 $LOADGEN)}"
	await_source "an event while the watch was broken" '.endpoints == 3'
	expect_row "a pod that is gone" $LOADGEN "load/loadgen-1 shop/cart-7c9b 7"
	kube count
	contains_text "lists after a watch that broke" "pods list 1 watch [2-9]" "$KUBE_SAID"

	kube event pods "{\"type\": \"ADDED\", \"object\": $(pod load loadgen-2 $DNS)}"
	kube forget
	await_source "a version that is too old" '.endpoints == 4'
	wait_for 20 listed_again || fail "no list after 410: $KUBE_SAID"
}

listed_again() {
	kube count
	[[ $KUBE_SAID == "pods list 2 "* ]]
}

contains_text() {
	checks=$((checks + 1))
	[[ $3 =~ $2 ]] || fail "$1: expected /$2/, saw: $3"
}

check_token() {
	kube token second
	await_source "an expired token" '.state == "down" and (.why | test("status 401: Unauthorized"))'
	expect_row "names stay" $FRONTEND "shop/frontend-6d5f shop/cart-7c9b 23"
	echo second >"$KUBE/own-token"
	await_source "a new token in the same file" '.state == "up"'
}

check_hang() {
	local before

	kube hang
	before=${LINES[$backend]}
	await_summary "$backend" $((before + 30)) 20 || fail "no summaries while the API hangs"
	await_source "it hangs" '.state == "down"'
	kube event services "{\"type\": \"ADDED\", \"object\": $(service shop late 10.96.0.11 80 TCP http)}"
	kube answer
	await_source "it answers again" '.state == "up" and .services == 3'
}

check_hostile() {
	kube event pods "{\"type\": \"DELETED\", \"object\": $(pod load loadgen-2 $DNS)}"
	kube event pods "{\"type\": \"MODIFIED\", \"object\": $(pod shop "$(printf 'x\033[2J\nevil')" $DNS)}"
	await_source "a hostile name" '.endpoints == 4'
	in_pod dns "$TRAFFIC" frame --device eth0 --from "$(mac_of dns)" --to "${MAC[cart]}" --protocol 17 --source "$DNS" \
		--source-port 40000 --destination "$CART" --port 7001 --count 3
	expect_row "a hostile name" $DNS "shop/x?[2J?evil shop/cart-7c9b 3"
	same "no control character in a summary" "" "$(newest '.. | strings | select(test("[\u0000-\u001f\u007f]"))')"
}

# wrong CERTIFICATE AUTHORITY WHY: the source is down for that reason, and observing goes on.
wrong() {
	kube_start "$1"
	kubeconfig "$KUBE/config" "$2" "tokenFile: '$KUBE/own-token'"
	observe_kube
	await_source "certificate $1, authority $2" ".state == \"down\" and (.why | test(\"$3\"))"
	ask frontend 5 $FRONTEND
	expect_row "no name from an API that is not believed" $FRONTEND "null null 5"
	kube count
	contains_text "nothing was asked of it" "pods list 0 watch 0" "$KUBE_SAID"
	observe_all_stop
	kube_stop
}

check_client_certificate() {
	kube_start server
	kubeconfig "$KUBE/config" server "client-certificate: client.crt, client-key: client.key"
	observe_kube
	await_source "a client's certificate" '.state == "up" and .endpoints == 3'
	observe_all_stop
	kube_stop
}

# A kubelet may list its own pods and the Services: that is enough, and what is missing is said.
check_kubelet() {
	for resource in nodes endpointslices; do
		echo '{"kind": "List", "forbidden": true, "items": []}' >"$KUBE/$resource.json"
	done
	kube_start server
	mkdir -p "$SCENE_DIR/root/etc/kubernetes"
	kubeconfig "$SCENE_DIR/root/etc/kubernetes/kubelet.conf" server "tokenFile: '$KUBE/own-token'"
	FORMAT=ndjson NODE_NAME=worker-1 observe_all_start "$backend" --interval 100ms --names-from kubernetes \
		--names-root "$SCENE_DIR/root"
	open_streams "$backend"
	await_source "the kubelet's own" '.state == "up" and .endpoints == 2 and (.why | test("status 403: nodes is forbidden"))'
	observe_all_stop
	kube_stop
	answers
}

check_many() {
	local begin

	jq -nc '{kind: "PodList", items: [range(5000) | {metadata: {namespace: "many", name: "pod-\(.)"},
		spec: {nodeName: "worker-1"}, status: {phase: "Running",
		podIP: "10.\(100 + . / 65536 | floor).\(. / 256 % 256 | floor).\(. % 256)"}}]}' >"$KUBE/pods.json"
	kube_start server
	kubeconfig "$KUBE/config" server "tokenFile: '$KUBE/own-token'"
	begin=${EPOCHREALTIME/./}
	observe_kube
	await_source "5,000 pods, and the other node" '.endpoints == 5001'
	printf '%s: 5,000 pods after %d ms, %d kB resident\n' "$SCENE_NAME" $(((${EPOCHREALTIME/./} - begin) / 1000)) \
		"$(resident_kb "${OBSERVERS[$backend]}")"
	kube count
	contains_text "in pages" "pods list 10 " "$KUBE_SAID"
	observe_all_stop
	kube_stop
	answers
}

# usage_error WHY USER-LINES: told at once, with status 2.
usage_error() {
	local status=0

	kubeconfig "$KUBE/config" server "$2"
	"$BRPATH" observe --netns "$NODE" --kubeconfig "$KUBE/config" --duration 1s >/dev/null 2>"$SCENE_DIR/stderr" || status=$?
	same "status: $1" 2 "$status"
	contains "what is said" "$1" "$SCENE_DIR/stderr"
}

mkdir "$KUBE"
kube_certificate server IP:127.0.0.1
kube_certificate other IP:127.0.0.1
kube_certificate elsewhere IP:192.0.2.1
kube_certificate client DNS:client
answers
lab_up --setting 0
for name in frontend loadgen cart dns; do
	pod_is_silent "$name" 7001
	MAC[$name]=$(mac_of "$name")
done
backend=$(usable_backends)
backend=${backend%% *} # names are the same to all of them
export NODE_NAME=worker-1

kube_start server
kubeconfig "$KUBE/config" server "tokenFile: '$KUBE/own-token'"
check_watch
check_token
check_hang
check_hostile
kube_stop
await_source "nobody listens" '.state == "down" and (.why | test("[Cc]onnect"))'
expect_row "names stay" $FRONTEND "shop/frontend-6d5f shop/cart-7c9b 23"
observe_all_stop

answers
wrong other server "certificate"
wrong elsewhere elsewhere "no alternative certificate subject name"
check_client_certificate
check_kubelet
check_many
usage_error "brpath runs none" "exec: {command: /bin/true}"
usage_error "No such file" "tokenFile: '$KUBE/absent'"
