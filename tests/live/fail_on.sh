#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# --fail-on: status 10 with a broken Service, of each severity up to critical, and 0 without it or once the Service
# works. --explain: for everybody. Oracle: curl's own result.
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"

readonly CLUSTER_IP=10.96.0.10 FINDINGS=10
readonly SEVERITIES="info warning critical"

# Servers are the lab's own here: a real TCP conversation.
"$LAB" up --name "$PREFIX" --static --setting 0 >"$SCENE_DIR/lab.log" 2>&1 || fail "$(cat "$SCENE_DIR/lab.log")"

start_all() {
	local severity

	for severity in $SEVERITIES; do
		launch "$SCENE_DIR/ready-$severity" "$SCENE_DIR/summary-$severity.json" "$SCENE_DIR/stderr-$severity" \
			--fail-on "$severity"
		OBSERVERS[$severity]=$!
	done
	launch "$SCENE_DIR/ready-without" "$SCENE_DIR/summary-without.json" "$SCENE_DIR/stderr-without"
	OBSERVERS[without]=$!
	for severity in "${!OBSERVERS[@]}"; do
		await_ready "$SCENE_DIR/ready-$severity" "${OBSERVERS[$severity]}" || fail "$severity was not ready"
	done
}

# stop_all WHAT STATUS FINDINGS [SEVERITY]: those with --fail-on end with the status, the one without it with 0. With a
# SEVERITY only that one does.
stop_all() {
	local expected severity status

	kill -INT "${OBSERVERS[@]}"
	for severity in "${!OBSERVERS[@]}"; do
		expected=$2 status=0
		[ "$severity" != without ] && [ "${4:-$severity}" = "$severity" ] || expected=0
		wait "${OBSERVERS[$severity]}" || status=$?
		look_at "$severity"
		same "$1, $severity: status, findings" "$expected $3" "$status $(summary '.findings | length')"
	done
	OBSERVERS=()
}

check_broken() {
	start_all
	! in_pod frontend curl -s -o /dev/null -m 2 "http://$CLUSTER_IP/" || fail "the Service answers with 0"
	stop_all broken $FINDINGS 1
}

check_works() {
	start_all
	in_pod frontend curl -s -o /dev/null -m 3 "http://$CLUSTER_IP/" || fail "the Service does not answer with 1"
	# What depends on the setting is an info.
	stop_all works $FINDINGS 1 info
}

check_explain() {
	local status=0

	chmod 711 "$SCENE_DIR"
	cp "$BRPATH" "$SCENE_DIR/brpath"
	chmod 755 "$SCENE_DIR/brpath"
	setpriv --reuid 65534 --clear-groups "$SCENE_DIR/brpath" observe --explain reply-not-translated \
		>"$SCENE_DIR/page" 2>"$SCENE_DIR/stderr" || status=$?
	same "--explain without privileges: status, complaints" "0 0" "$status $(wc -c <"$SCENE_DIR/stderr")"
	contains "--explain" '^# reply-not-translated' "$SCENE_DIR/page"
	script -qec "$BRPATH observe --explain reply-not-translated" /dev/null </dev/null >"$SCENE_DIR/screen"
	same "headings in bold on a terminal" "$(grep -c '^#' "$SCENE_DIR/page")" \
		"$(grep -c $'^\x1b\[1m#' "$SCENE_DIR/screen")"
	NO_COLOR=1 script -qec "$BRPATH observe --explain reply-not-translated" /dev/null </dev/null >"$SCENE_DIR/screen"
	same "bold with NO_COLOR" 0 "$(grep -c $'\x1b' "$SCENE_DIR/screen" || true)"
}

check_broken
"$LAB" set 1 --name "$PREFIX" >/dev/null
check_works
check_explain
