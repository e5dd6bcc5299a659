#!/usr/bin/env bash
# For mailservers.sh and apps.sh, which source it: unpacks packages of Debian with
# what they need into one folder of the user's cache. The packages would set up
# services on a machine, and some exclude each other: so none is installed, and no
# configuration of this machine is read or changed. Programs in the folder run
# with it as their root.
set -euo pipefail

# begin ends the script if the folder was made from the same files already, and
# makes $work/root, which finish puts in its place.
begin() { # name of the folder, files that it is made from
	root=${XDG_CACHE_HOME:-$HOME/.cache}/$1
	state=$(sha256sum "$0" "${BASH_SOURCE[0]}" "${@:2}" | cut -d' ' -f1)
	if [[ -e $root/complete && $(<"$root/complete") == "$state" ]]; then
		exit 0
	fi
	if ! command -v apt-get >/dev/null; then
		echo "The tests use programs as Debian has them; without apt-get $(basename "$0") cannot fetch them." >&2
		exit 1
	fi
	local as_root=()
	if ((EUID != 0)); then
		as_root=(sudo)
	fi
	"${as_root[@]}" apt-get update -q
	mkdir -p "$(dirname "$root")"
	work=$(mktemp -d "$root.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	chmod 755 "$work"
	mkdir "$work/debs" "$work/root"
}

# needs lists packages and, of what these and those in turn depend on, what has a
# name like the first pattern and not like the second.
needs() { # names to follow, names to leave out, packages
	local follow=$1 omit=$2
	shift 2
	apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$@" |
		awk -v follow="^($follow)\$" -v omit="$omit" -v packages="$*" '
			/^[^ ]/ { of = $1; next }
			/Depends:|^    / { needs[of] = needs[of] " " $NF } # deeper is what provides the line above
			END {
				for (n = split(packages, queue); ++i <= n; ) {
					if (seen[queue[i]]++) continue
					print queue[i]
					for (j = split(needs[queue[i]], need); j > 0; j--)
						if (need[j] ~ follow && need[j] !~ omit) queue[++n] = need[j]
				}
			}'
}

# unpack unpacks what needs lists.
unpack() {
	# Of each the newest that can be fetched: this machine may have others from elsewhere.
	needs "$@" | xargs apt-cache madison | awk '!seen[$1]++ { print $1 "=" $3 }' >"$work/packages"
	(cd "$work/debs" && xargs apt-get download -q -o APT::Sandbox::User=root <"$work/packages")
	for deb in "$work"/debs/*.deb; do
		dpkg-deb --extract "$deb" "$work/root"
	done
}

finish() {
	echo "$state" >"$work/root/complete"
	rm -rf "$root"
	mv "$work/root" "$root"
}
