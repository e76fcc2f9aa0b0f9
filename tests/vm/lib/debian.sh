# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Packages of another suite of Debian, unpacked and not installed, with apt's own tools but with sources and lists of
# its own. Call handle_signals first; then unpack_packages; SCRATCH is gone at the end.

# The address of the system's own Debian archive. Only the archive itself has the other
# suites; the security archive, also "Debian" to apt, does not.
mirror() {
	local found
	# shellcheck disable=SC2016 # apt expands these, not the shell
	found=$(apt-get indextargets --format '$(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
		awk '$1 == "main" && $2 !~ /security/ { print $2; exit }')
	[ -n "$found" ] ||
		die "apt-get indextargets names no Debian archive with a main component" \
			"add a Debian mirror to the system's apt sources"
	printf '%s\n' "$found"
}

# Point apt at files of our own, so that neither the system's sources nor its package
# lists change. Sets APT. Usage: private_apt FOLDER MIRROR SUITE
private_apt() {
	local root=$1 mirror=$2 suite=$3 keyring=/usr/share/keyrings/debian-archive-keyring.gpg signed=''
	[ ! -r "$keyring" ] || signed="[signed-by=$keyring] "
	mkdir -p "$root/lists/partial" "$root/cache/archives/partial"
	printf 'deb %s%s %s main\n' "$signed" "$mirror" "$suite" >"$root/sources.list"
	APT=(
		-qq
		-o "Dir::Etc::sourcelist=$root/sources.list"
		-o "Dir::Etc::sourceparts=/dev/null"
		-o "Dir::State::Lists=$root/lists"
		-o "Dir::Cache=$root/cache"
		-o "APT::Architecture=amd64"
		-o "APT::Architectures=amd64"
		-o "Acquire::Languages=none"
		-o "APT::Update::Error-Mode=any" # or a failed update would only be a warning
		-o "APT::Sandbox::User=root"     # the cache may be unreadable for apt's own user
	)
}

# package_list PACKAGE PATTERN: those it depends on, and itself, whose names match.
package_list() {
	apt-cache "${APT[@]}" depends --recurse --no-recommends --no-suggests --no-conflicts \
		--no-breaks --no-replaces --no-enhances "$1" |
		grep -E '^[a-z0-9]' | grep -E "$2"
}

# interruptible COMMAND...: bash runs its traps between two commands only, so a long one
# runs beside it.
interruptible() {
	"$@" >&2 &
	CHILD=$!
	wait "$CHILD"
}

# shellcheck disable=SC2317 # a trap reaches it
clean_up() {
	trap '' INT TERM HUP
	[ -z "$CHILD" ] || kill "$CHILD" 2>/dev/null || true
	wait
	rm -rf "$SCRATCH"
}


# handle_signals: whatever happens, what was begun ends, and SCRATCH goes away.
handle_signals() {
	CHILD='' SCRATCH=''
	trap clean_up EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

# unpack_packages WHAT SUITE PACKAGE PATTERN: of PACKAGE and what it depends on, those packages whose names match
# PATTERN, into the folder SCRATCH/unpacked. WHAT is for messages. The folder SCRATCH is there.
unpack_packages() {
	local what=$1 suite=$2 package=$3 pattern=$4 packages=() mirror deb
	mirror=$(mirror)
	say "$what: downloading $package of $suite from the system's Debian mirror"
	private_apt "$SCRATCH/apt" "$mirror" "$suite"
	interruptible apt-get "${APT[@]}" update ||
		die "$what: apt-get cannot read suite $suite from $mirror" \
			"check the network, and that this mirror carries the suite"
	mapfile -t packages < <(package_list "$package" "$pattern" || true)
	[ "${#packages[@]}" -gt 0 ] || die "$what: no package like '$pattern' behind $package of $suite" "has Debian moved it?"
	mkdir "$SCRATCH/debs" "$SCRATCH/unpacked"
	interruptible env --chdir="$SCRATCH/debs" apt-get "${APT[@]}" download "${packages[@]}" ||
		die "$what: apt-get cannot download ${packages[*]} from $mirror" "check the network"
	for deb in "$SCRATCH"/debs/*.deb; do
		dpkg -x "$deb" "$SCRATCH/unpacked" || die "$what: cannot unpack ${deb##*/}" "is the disk full?"
	done
}
