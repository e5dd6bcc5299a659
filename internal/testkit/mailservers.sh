#!/usr/bin/env bash
# Fetches the mail servers that tests send through (postfix.go, exim.go and
# opensmtpd.go beside this file), with the libraries they need, and unpacks
# them into one folder of the user's cache. The packages exclude each other on a
# machine, and would set up a mail service there: so none is installed, and no
# configuration of this machine is read or changed.
set -euo pipefail

servers=(postfix exim4-daemon-light opensmtpd)
shell=dash # OpenSMTPD starts what delivers by sh
root=${XDG_CACHE_HOME:-$HOME/.cache}/doorpost-mailservers
if [[ -e $root/complete ]]; then
	exit 0
fi
if ! command -v apt-get >/dev/null; then
	echo "The tests send through ${servers[*]}, as Debian has them; without apt-get they cannot be fetched." >&2
	exit 1
fi
as_root=()
if ((EUID != 0)); then
	as_root=(sudo)
fi
"${as_root[@]}" apt-get update -q
mkdir -p "$(dirname "$root")"
work=$(mktemp -d "$root.XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir "$work/debs" "$work/root"

packages() {
	apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$1" |
		grep -E '^(lib[^:]*|exim4-daemon-light|opensmtpd|postfix|dash|zlib1g)$' | grep -vE 'perl|python|systemd|crypt-?setup|modules'
}
for server in "${servers[@]}" $shell; do
	packages "$server"
done | sort -u >"$work/packages"
(cd "$work/debs" && xargs apt-get download -q -o APT::Sandbox::User=root <"$work/packages")
for deb in "$work"/debs/*.deb; do
	dpkg-deb --extract "$deb" "$work/root"
done
rm -rf "$work"/root/{etc,var,usr/share,usr/include} "$work"/root/usr/lib/*/gconv
touch "$work/root/complete"
rm -rf "$root"
mv "$work/root" "$root"
