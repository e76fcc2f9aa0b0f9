# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The initramfs of a run: busybox, the modules that reach the host's file system, and
# what is to be run. It is packed anew each time, in less than 0.1 s, so it cannot be
# older than the kernel, the scripts or the command.
# Reads the settings of tests/vm/run: KERNEL, COMMAND, ENVIRONMENT, SHARE, MODULES,
# TERMINAL, ONE_STREAM.
# shellcheck disable=SC2153 # KERNEL is no misspelling of kernel

# The modules that must be there before the host's file system is.
BOOT_MODULES=(virtio_pci virtio_console virtiofs overlay)

# boot_module_files KERNEL-FOLDER: in loading order, each once.
boot_module_files() {
	local module
	for module in "${BOOT_MODULES[@]}"; do
		modprobe --dirname "$1" --set-version "$(cat "$1/version")" --show-depends "$module" ||
			die "kernel $KERNEL has no module $module" "download it again: tests/vm/fetch --renew $KERNEL"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

# The command as a script, quoted by bash for bash.
write_command() {
	printf '#!%s\n' "$BASH"
	printf 'cd %q || exit %d\n' "$PWD" "$STATUS_MACHINE"
	printf 'exec env -i'
	printf ' %q' "PATH=$PATH" "TERM=${TERM:-dumb}" HOME=/root BRPATH_OWN_MACHINE=1 "${ENVIRONMENT[@]}" "${COMMAND[@]}"
	printf '\n'
}

write_settings() {
	local rows=24 columns=80
	[ "$TERMINAL" = no ] || read -r rows columns < <(stty size <&0)
	printf '%s=%q\n' VM_KERNEL "$1" VM_DIRECTORY "$PWD" VM_PATH "$PATH" VM_SHARE "$SHARE" \
		VM_MODULES "${MODULES[*]}" VM_TERMINAL "$TERMINAL" VM_ONE_STREAM "$ONE_STREAM" \
		VM_ROWS "$rows" VM_COLUMNS "$columns"
}

# make_initramfs KERNEL-FOLDER WORK-FOLDER: writes WORK-FOLDER/initramfs.
make_initramfs() {
	local kernel=$1 tree=$2/tree file number=100
	mkdir -p "$tree/vm/modules" "$tree/bin"
	cp "$(command -v busybox)" "$tree/vm/busybox"
	ln -s ../vm/busybox "$tree/bin/busybox"
	cp "$VM_DIR/guest-init" "$tree/vm/init"
	chmod 755 "$tree/vm/init"
	ln -s vm/init "$tree/init"
	while read -r file; do
		# Numbered, as the guest loads them in the order of their names.
		cp "$file" "$tree/vm/modules/$((number++))-${file##*/}"
	done < <(boot_module_files "$kernel")
	write_settings "$kernel" >"$tree/vm/settings"
	write_command >"$tree/vm/command"
	chmod 755 "$tree/vm/command"
	(cd "$tree" && find . | cpio --quiet --create --format=newc) >"$2/initramfs"
	rm -rf "$tree"
}
