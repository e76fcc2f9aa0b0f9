# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What tests/vm/run and tests/vm/fetch share: messages, the kernel list, the cache.

VM_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034 # used by those who include this file
CACHE=${BRPATH_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/brpath}/kernels

# Statuses of the runner itself. They are above those of any ordinary program (as with
# timeout(1) and env(1)), so that a caller can tell "the machine failed" from "the
# command failed".
# shellcheck disable=SC2034
STATUS_TIMEOUT=124
STATUS_MACHINE=125

# set -e alone ends a script without a word. What exits with STATUS_MACHINE spoke itself.
set -E
trap '[ $? -eq "$STATUS_MACHINE" ] || say "internal failure, ${BASH_SOURCE[0]##*/} line $LINENO: $BASH_COMMAND"' ERR

say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# die WHAT-AND-WHY [WHAT-TO-DO]
die() {
	say "$1"
	[ $# -lt 2 ] || printf '  %s\n' "$2" >&2
	exit "$STATUS_MACHINE"
}

# need_command COMMAND DEBIAN-PACKAGE ...: all missing ones are named at once, so that
# a person installs once and not five times.
need_command() {
	local missing=() packages=()
	while [ $# -gt 0 ]; do
		if ! command -v "$1" >/dev/null; then
			missing+=("$1")
			packages+=("$2")
		fi
		shift 2
	done
	[ "${#missing[@]}" -eq 0 ] ||
		die "missing commands: ${missing[*]}" "install the Debian packages: ${packages[*]}"
}

kernel_names() {
	awk '!/^#/ && NF { print $1 }' "$VM_DIR/kernels"
}

# kernel_field NAME COLUMN
kernel_field() {
	awk -v name="$1" -v column="$2" '!/^#/ && $1 == name { print $column }' "$VM_DIR/kernels"
}

check_kernel_name() {
	[ -n "$(kernel_field "$1" 1)" ] ||
		die "unknown kernel '$1'" "known ones: $(kernel_names | paste -sd' '); see $VM_DIR/kernels"
}
