# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What Docker and Podman have in common: containers in a network of their own, by the same commands. The scene says with
# engine() whose they are. Sourced after lib/runtimes.sh.
#
# What is "unused" here is the scene's.
# shellcheck disable=SC2034,SC2154

readonly IMAGE=localhost/busybox:scene
readonly WEB=172.30.0.10 CLIENT=172.30.0.11 DB=172.30.0.12 LATE=172.30.0.20

# run_container NAME ADDRESS [options]
run_container() {
	engine run --detach --name "$1" --network shop --ip "$2" --cgroup-parent "$GROUP" --stop-signal KILL "${@:3}" \
		"$IMAGE" busybox httpd -f -p 80 -h /tmp >"$SCENE_DIR/run.log" 2>&1 || fail "run: $(cat "$SCENE_DIR/run.log")"
}

# Commands in the network namespace of a container.
inside() { in_runtime nsenter --net="$(engine inspect --format '{{.NetworkSettings.SandboxKey}}' "$1")" -- "${@:2}"; }
in_web() { inside web "$@"; }
in_client() { inside client "$@"; }
in_db() { inside shop_db_1 "$@"; }
in_late() { inside late "$@"; }
in_next() { inside next "$@"; }
in_outside() { in_pod outside "$@"; }

serve_http() { engine exec web busybox sh -c 'echo web: hello >/tmp/index.html'; }

# http WHAT COMMAND...: the server in the container web answers it.
http() { same "$1" "web: hello" "$("${@:2}")"; }

# http_at_published_port: from the world outside, and from a neighbour.
http_at_published_port() {
	http "the world outside asks the published port" in_outside curl -sf -m 10 "http://$NODE_ADDRESS:8080/"
	http "a neighbour asks the published port" engine exec client busybox wget -qO- "http://$NODE_ADDRESS:8080/"
}

# make_containers: a server with published ports, a client, and one as a compose project would have it.
make_containers() {
	make_image "$SCENE_DIR/image.tar" "$IMAGE"
	engine load --quiet --input "$SCENE_DIR/image.tar" >/dev/null
	engine network create --subnet 172.30.0.0/24 shop >/dev/null
	run_container web $WEB --publish 8080:80 --publish 5300:7002/udp
	run_container client $CLIENT
	run_container shop_db_1 $DB --label com.docker.compose.project=shop --label com.docker.compose.service=db \
		--label com.docker.compose.container-number=1
	serve_http
}

# talk_directly: containers by their own addresses.
talk_directly() {
	datagrams 23 $CLIENT in_client $WEB 7001 $WEB 7001 in_web
	datagrams 29 $DB in_db $CLIENT 7003 $CLIENT 7003 in_client
	expected+="client > web - 23
shop/db-1 > client - 29"
	expect_rows "containers of one network" udp "$expected"
}

# talk_to_published_port COUNT FROM FROM-NAMESPACE-COMMAND
talk_to_published_port() { datagrams "$1" "$2" "$3" "$NODE_ADDRESS" 5300 "$WEB" 7002 in_web; }

# come_and_go: one that starts while brpath observes, dies, and another one gets its address.
come_and_go() {
	run_container late $LATE
	datagrams 13 $LATE in_late $WEB 7001 $WEB 7001 in_web
	expected+="
late > web - 13"
	expect_rows "one that starts later" udp "$expected"
	engine rm --force late >/dev/null
	expect_rows "one that is gone" udp "$expected"
	run_container next $LATE
	datagrams 17 $LATE in_next $WEB 7001 $WEB 7001 in_web
	expected+="
next > web - 17"
	expect_rows "one with the address of another" udp "$expected"
}
