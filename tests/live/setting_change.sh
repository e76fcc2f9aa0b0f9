#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The setting changes while brpath observes: each frame is judged by what held when it passed. Oracle: the number of
# datagrams sent under each value.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"

readonly FRONTEND=10.244.1.11 CART=10.244.1.12

send() {
	in_pod frontend "$TRAFFIC" udp --from "$FRONTEND" --source-port 40000 --to "$CART" --port 7001 --count "$1"
}

direct() { summary ".pairs[] | select(.client.ip == \"$FRONTEND\" and .protocol == \"udp\") | .to_server | $1"; }

lab_up --setting 0
pod_is_silent cart 7001
backends=$(usable_backends)
observe_all_start "$backends"
send 101
"$LAB" set 1 --name "$PREFIX" >/dev/null
send 53
"$LAB" set 0 --name "$PREFIX" >/dev/null
send 29
observe_all_stop
for backend in $backends; do
	look_at "$backend"
	check_sums
	check_lossless
	read -r frames tracked others bypassed sysctl_off < <(direct '[.frames, .tracked, .bypassed + .untracked, .bypassed,
		.bypass_reasons["sysctl-off"]] | join(" ")')
	same "$backend: frames" 183 "$frames"
	same "$backend: tracked while it was 1" 53 "$tracked"
	# Frames of the first 100 ms after it became 0 may be judged by the former value (docs/limitations.md): then
	# conntrack, which is there, is taken to have left them.
	same "$backend: the others" 130 "$others"
	at_least "$backend: bypassed" 101 "$bypassed"
	same "$backend: because of the sysctl" "$bypassed" "$sysctl_off"
done
