# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Kubernetes' Container Runtime Interface as far as a scene needs it: gRPC over a unix socket, spoken by curl, with
# messages put together by hand, for Debian has no crictl. A message here is a word of hexadecimal digits.
# shellcheck disable=SC2154 # SCENE_DIR is lib.sh's

# varint NUMBER
varint() {
	local number=$1

	while ((number > 127)); do
		printf '%02x' $((number & 127 | 128))
		number=$((number >> 7))
	done
	printf '%02x' "$number"
}

# message FIELD HEX: a message inside another one. As protobuf has it: the field and its type, the length, the bytes.
message() {
	varint $(($1 << 3 | 2))
	varint $((${#2} / 2))
	printf '%s' "$2"
}

hex() { od -An -v -tx1 | tr -d ' \n'; }

# bytes HEX
# shellcheck disable=SC2001 # each two digits, which ${variable//} cannot keep
bytes() { printf '%b' "$(sed 's/../\\x&/g' <<<"$1")"; }

# text FIELD STRING
text() { message "$1" "$(printf '%s' "$2" | hex)"; }

# number FIELD NUMBER
number() {
	varint $(($1 << 3))
	varint "$2"
}

# cri_call SOCKET METHOD HEX: the answer's message, as hexadecimal digits.
cri_call() {
	local answer=$SCENE_DIR/cri.answer headers=$SCENE_DIR/cri.headers

	# A byte that says "not compressed" and four of length go before each message.
	bytes "$(printf '00%08x%s' $((${#3} / 2)) "$3")" >"$SCENE_DIR/cri.request"
	curl -s --http2-prior-knowledge --unix-socket "$1" --max-time 60 --dump-header "$headers" --output "$answer" \
		-H 'content-type: application/grpc' -H 'te: trailers' --data-binary "@$SCENE_DIR/cri.request" \
		"http://cri/runtime.v1.RuntimeService/$2" || fail "$2: curl ends with $?"
	grep -qi '^grpc-status: 0' "$headers" || fail "$2: $(grep -i '^grpc' "$headers")"
	tail -c +6 "$answer" | hex
}

# run_pod SOCKET NAMESPACE NAME CGROUP [HOST-PORT CONTAINER-PORT PROTOCOL(0 TCP, 1 UDP)]...: the sandbox's id.
run_pod() {
	local metadata config answer socket=$1 space=$2 name=$3 group=$4
	shift 4

	metadata=$(text 1 "$name")$(text 2 "uid-$name")$(text 3 "$space")$(number 4 1)
	config=$(message 1 "$metadata")$(text 2 "$name")$(text 3 "$SCENE_DIR")
	while [ "$#" -ge 3 ]; do
		config+=$(message 5 "$(number 1 "$3")$(number 2 "$2")$(number 3 "$1")")
		shift 3
	done
	config+=$(message 8 "$(text 1 "$group")") # LinuxPodSandboxConfig
	answer=$(cri_call "$socket" RunPodSandbox "$(message 1 "$config")")
	# Its one field is the id, of 64 bytes.
	[[ $answer == 0a40* ]] || fail "RunPodSandbox answers $answer"
	bytes "${answer:4:128}"
}

# remove_pod SOCKET ID
remove_pod() {
	cri_call "$1" StopPodSandbox "$(text 1 "$2")" >/dev/null
	cri_call "$1" RemovePodSandbox "$(text 1 "$2")" >/dev/null
}
