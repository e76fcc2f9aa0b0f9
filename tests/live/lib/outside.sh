# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The world outside the node, one cable away. Sourced after lib.sh.
# shellcheck disable=SC2154 # PREFIX and NODE are lib.sh's

readonly OUTSIDE=192.168.50.2

# make_outside ADDRESS...: the namespace PREFIX-outside, and these addresses of the node on its side of the cable.
make_outside() {
	ip netns add "$PREFIX-outside"
	{
		printf 'link add outer type veth peer name eth0 netns %s\n' "$PREFIX-outside"
		printf 'addr add %s/24 dev outer\n' "$@"
		printf 'link set outer up\n'
	} | ip -n "$NODE" -batch -
	ip -n "$PREFIX-outside" -batch - <<-END
		addr add $OUTSIDE/24 dev eth0
		link set eth0 up
	END
}
