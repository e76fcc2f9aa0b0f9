# SPDX-License-Identifier: BSD-2-Clause
# What the scene shapes_devices is about: bridges and devices that it adds to the lab's node. Sourced after cases.sh.
#
#   node                                                        edge
#   cni0    pods, vxlan42 ---------------- over ul0 ----------- vxlan42
#           vxlan43 -- over the bridge "under", its port ul1 -- vxlan43
#           trunk.10 ------------- over trunk, no port -------- trunk.10
#           tagged.20 -- over tagged, a port of "plain" ------- tagged.20
#           bond ------------- over bond1 and bond2 ----------- bond1, bond2
#   cni0.20 a VLAN device on top of cni0
#   second  two ----------------------------------------------- two
#   plain   tagged, plain1 ------------------------------------ tagged, plain1
#
# What is "unused" here is the scene's.
# shellcheck shell=bash disable=SC2034

# Ethernet addresses in the edge: the last two bytes name the device.
readonly FAR=02:00:00:00
# What this kernel has: make_vlans and make_bond find out.
have_vlan=1 have_bond=1

# cable DEVICE LAST-TWO-BYTES [MASTER]: a veth from the node to the edge, of the same name on both sides.
cable() {
	printf 'link add %s type veth peer name %s address %s netns %s\n' "$1" "$1" "$FAR:$2" "$EDGE"
	printf 'link set %s up %s\n' "$1" "${3:+master $3}"
	printf 'link set %s up\n' "$1" >&3
}

# tunnel DEVICE ID UNDERLAY-DEVICE-IN-THE-NODE LAST-TWO-BYTES: over 192.168.ID.0/24, from the bridge cni0 to the edge.
tunnel() {
	printf 'link add %s type vxlan id %s local 192.168.%s.1 remote 192.168.%s.2 dev %s dstport 4789 nolearning\n' \
		"$1" "$2" "$2" "$2" "$3"
	printf 'link set %s master cni0 up\n' "$1"
	printf 'link add %s address %s type vxlan id %s local 192.168.%s.2 remote 192.168.%s.1 dstport 4789 nolearning\n' \
		"$1" "$FAR:$4" "$2" "$2" "$2" >&3
	printf 'link set %s up\n' "$1" >&3
}

make_bridges() {
	exec 3>"$SCENE_DIR/edge.batch"
	{
		printf 'link add %s type bridge stp_state 0 forward_delay 0 mcast_snooping 0\nlink set %s up\n' \
			under under second second plain plain
		cable ul0 a0:02
		cable ul1 a1:02 under
		cable two 21:02 second
		cable tagged 20:02 plain
		cable plain1 20:01 plain
		cable trunk 10:02
		# Before the neighbours: a new address of its own makes a device forget them.
		printf 'link set ul0 address %s:a0:01\nlink set under address %s:a1:01\nlink set second address %s:21:01\n' \
			"$FAR" "$FAR" "$FAR"
		printf 'addr add 192.168.42.1/24 dev ul0\naddr add 192.168.43.1/24 dev under\naddr add 10.244.2.1/24 dev second\n'
		printf 'neigh replace 192.168.42.2 lladdr %s dev ul0\nneigh replace 192.168.43.2 lladdr %s dev under\n' \
			"$FAR:a0:02" "$FAR:a1:02"
		printf 'neigh replace 10.244.2.21 lladdr %s dev second\n' "$FAR:21:02"
		printf 'addr add 192.168.42.2/24 dev ul0\naddr add 192.168.43.2/24 dev ul1\n' >&3
		printf 'neigh replace 192.168.42.1 lladdr %s dev ul0\nneigh replace 192.168.43.1 lladdr %s dev ul1\n' \
			"$FAR:a0:01" "$FAR:a1:01" >&3
		tunnel vxlan42 42 ul0 42:02
		tunnel vxlan43 43 under 43:02
	} >"$SCENE_DIR/node.batch"
	exec 3>&-
	in_node ip -batch "$SCENE_DIR/node.batch"
	in_edge ip -batch "$SCENE_DIR/edge.batch"
	behind ul1 a1:02 vxlan42 42:02 vxlan43 43:02 two 21:02
}

# behind [PORT LAST-TWO-BYTES]...: the bridges know it without having learned it.
behind() {
	while [ $# -gt 0 ]; do
		printf 'fdb replace %s dev %s master static\n' "$FAR:$2" "$1"
		shift 2
	done | in_node bridge -batch -
}

make_vlans() {
	if ! in_node ip link add link trunk name trunk.10 type vlan id 10 2>"$SCENE_DIR/vlan"; then
		have_vlan=0
		return
	fi
	in_node ip -batch - <<-END
		link set trunk.10 master cni0 up
		link add link tagged name tagged.20 type vlan id 20
		link set tagged.20 master cni0 up
		link add link cni0 name cni0.20 type vlan id 20
		link set cni0.20 up
		addr add 10.244.20.1/24 dev cni0.20
		neigh replace 10.244.20.12 lladdr $FRONTEND_MAC dev cni0.20
	END
	in_edge ip -batch - <<-END
		link add link trunk name trunk.10 type vlan id 10
		link add link tagged name tagged.20 type vlan id 20
		link set trunk.10 up
		link set tagged.20 up
	END
	behind trunk.10 10:02 tagged.20 20:02
}

# Round-robin: what leaves takes turns, and both bring in.
make_bond() {
	if ! in_node ip link add bond type bond mode balance-rr 2>"$SCENE_DIR/bond"; then
		have_bond=0
		return
	fi
	in_node ip -batch - <<-END
		link add bond1 type veth peer name bond1 address $FAR:b0:02 netns $EDGE
		link add bond2 type veth peer name bond2 address $FAR:b0:02 netns $EDGE
		link set bond1 master bond
		link set bond2 master bond
		link set bond master cni0 up
	END
	in_edge ip -batch - <<-END
		link set bond1 up
		link set bond2 up
	END
	behind bond b0:02
}
