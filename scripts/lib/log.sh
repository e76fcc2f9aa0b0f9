# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What every script here says, and how: messages go to stderr, under the script's own name, so that stdout
# holds results only. Source this file; it changes no shell option.

# A script that is not scripts/NAME sets LOG_NAME before it sources this file.
LOG_NAME=${LOG_NAME:-scripts/${0##*/}}

note() {
	printf '%s: %s\n' "$LOG_NAME" "$*" >&2
}

die() {
	note "$@"
	exit 1
}

# have CMD PACKAGE...: is CMD there? If not, says which Debian package brings it (any one of those given).
# It returns instead of ending the script, so that a caller can name everything that is missing at once.
have() {
	local cmd=$1 packages
	shift
	command -v "$cmd" >/dev/null 2>&1 && return 0
	printf -v packages ' or %s' "$@"
	note "'$cmd' is missing; on Debian: apt-get install ${packages# or }"
	return 1
}
