#!/usr/bin/env bash
# Fetches Radicale, a server for calendars, as Debian has it, with the Python that it needs.
# See debian.sh.
set -euo pipefail
here=$(dirname "$0")
# shellcheck source=debian.sh
. "$here/debian.sh"

begin doorpost-radicale
unpack 'lib[^:]*|zlib1g|python3.*|media-types' 'perl|elogind|-dev$|python3-(argon2|bcrypt|setuptools|wheel)' radicale tzdata
mkdir -p "$work"/root/{data,dev,tmp}
# Where root may make no devices, files do for what is written and read there.
mknod -m 666 "$work/root/dev/null" c 1 3 || install -m 666 /dev/null "$work/root/dev/null"
mknod -m 666 "$work/root/dev/urandom" c 1 9 || head -c 1M /dev/urandom >"$work/root/dev/urandom"
rm -rf "$work"/root/usr/share/{doc,man,locale,lintian}
finish
