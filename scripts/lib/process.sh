# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Processes that outlive the script that started them. A pid alone is no identity: it is used again. A record
# is one line, "PID START BOOT": the start time tells two users of a pid apart, and the boot id tells a record
# made before a reboot (or on the host, read in a guest that shares its files) from one made now.

# Prints the start time of a living process, in clock ticks since boot. A zombie is not alive.
process_start() {
	local stat fields
	{ stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
	# The second field is the command's name in parentheses, and may hold anything: cut after the last one.
	read -ra fields <<<"${stat##*) }"
	[[ ${fields[0]} != [ZX] ]] || return 1
	printf '%s\n' "${fields[19]}"
}

# process_record FILE PID
process_record() {
	local start boot
	start=$(process_start "$2") || return 1
	read -r boot </proc/sys/kernel/random/boot_id
	printf '%s %s %s\n' "$2" "$start" "$boot" >"$1"
}

# process_pid FILE: prints the pid while the very process of the record lives; fails otherwise.
process_pid() {
	local pid start boot boot_now
	{ read -r pid start boot <"$1"; } 2>/dev/null || return 1
	read -r boot_now </proc/sys/kernel/random/boot_id
	[[ $boot == "$boot_now" && $(process_start "$pid") == "$start" ]] || return 1
	printf '%s\n' "$pid"
}

process_gone() {
	! process_pid "$1" >/dev/null
}

# wait_until SECONDS COMMAND...: looks every 50 ms; fails when COMMAND has not succeeded in that time.
wait_until() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < deadline)) || return 1
		sleep 0.05
	done
}

# process_end FILE: ends the process of the record, and the children it shares a process group with when it
# leads one. Fails if it is still there afterwards.
process_end() {
	local pid signal
	for signal in TERM KILL; do
		pid=$(process_pid "$1") || return 0
		kill -s "$signal" -- "-$pid" 2>/dev/null || kill -s "$signal" -- "$pid" 2>/dev/null || true
		wait_until 3 process_gone "$1" && return 0
	done
	return 1
}
