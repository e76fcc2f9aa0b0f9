# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# A Kubernetes API of the scene's own (tests/tools/kube-api): its answers, certificates, and what happens there. Sourced
# after lib.sh.
# shellcheck disable=SC2154,SC2034 # SCENE_DIR is lib.sh's, KUBE_SAID is for the scene

: "${KUBE_API:?path of tests/tools/kube-api}"

readonly KUBE=$SCENE_DIR/kube
KUBE_PID='' KUBE_ASK='' KUBE_TELL=''

# kube_certificate NAME SUBJECT-ALTERNATIVE-NAME: NAME.crt and NAME.key, of an authority NAME-ca.crt of its own.
kube_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1 authority" \
		-keyout "$KUBE/$1-ca.key" -out "$KUBE/$1-ca.crt" 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
		-keyout "$KUBE/$1.key" -out "$KUBE/$1.csr" 2>/dev/null
	openssl x509 -req -in "$KUBE/$1.csr" -CA "$KUBE/$1-ca.crt" -CAkey "$KUBE/$1-ca.key" -CAcreateserial -days 2 \
		-extfile <(echo "subjectAltName=$2") -out "$KUBE/$1.crt" 2>/dev/null
}

# kube_list KIND RESOURCE OBJECT...: the answers to a list of that resource, one JSON object each.
kube_list() {
	printf '%s\n' "${@:3}" | jq -s --arg kind "$1" '{kind: $kind, items: .}' >"$KUBE/$2.json"
}

# pod NAMESPACE NAME ADDRESS [NODE]: as the API has it, without the many fields that say nothing here.
pod() {
	jq -nc --arg space "$1" --arg name "$2" --arg ip "$3" --arg node "${4:-worker-1}" '{kind: "Pod", apiVersion: "v1",
		metadata: {name: $name, namespace: $space, uid: "0f2c8a52-6f4e-4b7e-9e07-\($name)", resourceVersion: "7",
			labels: {app: $name}, managedFields: [{manager: "kubelet", operation: "Update", apiVersion: "v1"}]},
		spec: {nodeName: $node, containers: [{name: "main", image: "registry.example/main:1"}]},
		status: {phase: "Running", hostIP: "192.168.60.1", podIP: $ip, podIPs: [{ip: $ip}]}}'
}

# service NAMESPACE NAME ADDRESS PORT PROTOCOL PORT-NAME [NODE-PORT]
service() {
	jq -nc --arg space "$1" --arg name "$2" --arg ip "$3" --argjson port "$4" --arg protocol "$5" --arg called "$6" \
		--argjson node_port "${7:-0}" '{kind: "Service", apiVersion: "v1", metadata: {name: $name, namespace: $space,
			resourceVersion: "8"}, spec: {type: "ClusterIP", clusterIP: $ip, clusterIPs: [$ip],
			ports: [{name: $called, port: $port, protocol: $protocol, targetPort: 8080} +
				if $node_port > 0 then {nodePort: $node_port} else {} end]}, status: {loadBalancer: {}}}'
}

# node NAME ADDRESS NETWORK
node() {
	jq -nc --arg name "$1" --arg ip "$2" --arg network "$3" '{kind: "Node", apiVersion: "v1", metadata: {name: $name,
		resourceVersion: "9"}, spec: {podCIDR: $network, podCIDRs: [$network]},
		status: {addresses: [{type: "InternalIP", address: $ip}, {type: "Hostname", address: $name}]}}'
}

# slice NAMESPACE SERVICE POD ADDRESS NODE
slice() {
	jq -nc --arg space "$1" --arg name "$2" --arg pod "$3" --arg ip "$4" --arg node "$5" '{kind: "EndpointSlice",
		apiVersion: "discovery.k8s.io/v1", metadata: {name: "\($name)-x7k2p", namespace: $space, resourceVersion: "10"},
		addressType: "IPv4", endpoints: [{addresses: [$ip], conditions: {ready: true}, nodeName: $node,
			targetRef: {kind: "Pod", namespace: $space, name: $pod}}], ports: [{name: "http", port: 8080, protocol: "TCP"}]}'
}

# kube_start CERTIFICATE [COMMAND...]: the API in $KUBE, by COMMAND, such as in_node; KUBE_URL says where it is.
kube_start() {
	rm -f "$KUBE/port" "$KUBE/ask" "$KUBE/tell"
	mkfifo "$KUBE/ask" "$KUBE/tell"
	"${@:2}" "$KUBE_API" "$KUBE" "$KUBE/$1.crt" "$KUBE/$1.key" "$KUBE/client-ca.crt" <"$KUBE/ask" >"$KUBE/tell" \
		2>"$SCENE_DIR/stderr-kube-api" &
	KUBE_PID=$!
	exec {KUBE_ASK}>"$KUBE/ask" {KUBE_TELL}<"$KUBE/tell"
	wait_for 20 test -s "$KUBE/port" || fail "the API does not start"
	KUBE_URL=https://127.0.0.1:$(<"$KUBE/port")
}

# kube COMMAND: it happens; the answer is in KUBE_SAID.
kube() {
	printf '%s\n' "$*" >&"$KUBE_ASK"
	read -rt 20 -u "$KUBE_TELL" KUBE_SAID || fail "the API does not answer to '$*'"
}

kube_stop() {
	[ -n "$KUBE_PID" ] || return 0
	kill "$KUBE_PID" 2>/dev/null || true
	wait "$KUBE_PID" 2>/dev/null || true
	exec {KUBE_ASK}>&- {KUBE_TELL}<&-
	KUBE_PID=
}

# kubeconfig FILE AUTHORITY USER-LINES: for KUBE_URL.
kubeconfig() {
	printf '%s\n' 'apiVersion: v1' 'kind: Config' 'current-context: here' \
		'contexts: [{name: here, context: {cluster: home, user: brpath}}]' \
		"clusters: [{name: home, cluster: {server: '$KUBE_URL', certificate-authority: '$KUBE/$2-ca.crt'}}]" \
		"users: [{name: brpath, user: {$3}}]" >"$1"
}
