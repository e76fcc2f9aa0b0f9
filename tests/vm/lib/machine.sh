# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The virtual machine and the servers of its file systems.

find_virtiofsd() {
	local candidate
	for candidate in /usr/lib/qemu/virtiofsd /usr/libexec/virtiofsd "$(command -v virtiofsd || true)"; do
		[ ! -x "$candidate" ] || { printf '%s\n' "$candidate" && return; }
	done
	die "missing command: virtiofsd" "install the Debian package qemu-system-common, or virtiofsd from Debian 13 on"
}

# serve NAME FOLDER read-only|writable CACHE-MODE: share a folder, at WORK/NAME.sock.
serve() {
	local name=$1 folder=$2 mode=$3 cache=$4 log=$WORK/$1.log program options
	touch "$log"
	program=$(find_virtiofsd)
	options=(--socket-path="$WORK/$name.sock" --rlimit-nofile=0)
	# The C program of QEMU up to 7.2 and the Rust one after it name options differently.
	if "$program" --help | grep -q -e --shared-dir; then
		options+=(--shared-dir=/mnt --cache="$cache")
	else
		options+=(-f -o source=/mnt -o "cache=$cache")
	fi
	# Each file known to the guest costs the server a descriptor.
	(
		ulimit -Sn "$(ulimit -Hn)"
		exec setpriv --pdeathsig TERM unshare --mount --propagation private \
			"$BASH" "$VM_DIR/lib/serve" "$mode" "$folder" "$program" "${options[@]}"
	) </dev/null >"$log" 2>&1 &
	PIDS+=($!)
	wait_for_server "$name" $! "$log"
}

# The socket's file is there a moment before connecting works, so the log is asked.
wait_for_server() {
	local tries=0
	until grep -q 'Waiting for vhost-user socket connection' "$3"; do
		if ! kill -0 "$2" 2>/dev/null || [ $((tries += 1)) -gt 500 ]; then
			sed 's/^/  /' "$3" >&2
			die "virtiofsd for the $1 file system does not start; above is what it said" \
				"it needs root and the right to make namespaces"
		fi
		sleep 0.02
	done
}

# machine_options KERNEL-FOLDER: sets OPTIONS.
machine_options() {
	local kernel=$1 port=0 name
	OPTIONS=(
		-nodefaults -no-user-config -display none -no-reboot
		# cx16: Linux 6.12 crashes in its slab allocator with the one of QEMU 7.2.
		-accel tcg -cpu "max,-cx16"
		-machine "q35,memory-backend=memory" -m "$MEMORY"
		# vhost-user needs memory that the servers can map.
		-object "memory-backend-memfd,id=memory,size=${MEMORY}M,share=on"
		-kernel "$kernel/vmlinuz" -initrd "$WORK/initramfs"
		# After a panic the guest reboots at once, which ends it.
		-append "console=ttyS0 loglevel=5 panic=-1 $APPEND"
		-chardev "file,id=console,path=$WORK/console" -serial chardev:console
		-device virtio-serial-pci
	)
	for name in result output errors; do
		OPTIONS+=(
			-chardev "file,id=$name,path=$WORK/$name"
			-device "virtserialport,chardev=$name,nr=$((port += 1)),name=$name"
		)
	done
	for name in host ${SHARE:+share}; do
		OPTIONS+=(
			-chardev "socket,id=$name,path=$WORK/$name.sock"
			-device "vhost-user-fs-pci,chardev=$name,tag=$name"
		)
	done
	if [ "$TERMINAL" = yes ]; then
		OPTIONS+=(-chardev "stdio,id=terminal,mux=on,signal=off" -device "virtconsole,chardev=terminal,nr=0")
	fi
	if [ "$ICOUNT" = yes ]; then
		OPTIONS+=(-icount "shift=0,sleep=off" -smp 1)
	else
		OPTIONS+=(-smp "$SMP")
	fi
}

# background COMMAND...: start a process that ends with this script even if the script is
# killed outright, as ctest does after its time limit. Input and output are the caller's.
background() {
	setpriv --pdeathsig TERM "$@" <&0 &
	PIDS+=($!)
}

# Sets MACHINE to the process of the machine.
start_machine() {
	background qemu-system-x86_64 "${OPTIONS[@]}" 2>"$WORK/qemu.log"
	MACHINE=$!
}

# Copy what the guest writes, while it comes. Through a file, because a file takes all of
# it at once: QEMU would throw away what waits in a pipe when the machine powers off.
follow() {
	background tail --bytes=+1 --follow --sleep-interval=0.05 --pid="$MACHINE" "$1"
	FOLLOWERS+=($!)
}
