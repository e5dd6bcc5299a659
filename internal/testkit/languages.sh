#!/usr/bin/env bash
# Fetches the languages, as Debian has them, in which apps check assertions: Python, Ruby
# and what their apps check a JWT with. Node.js and PHP come with the apps. See debian.sh.
set -euo pipefail
here=$(dirname "$0")
# shellcheck source=debian.sh
. "$here/debian.sh"

begin doorpost-languages
unpack 'lib[^:]*|zlib1g|ruby.*|python3.*|media-types|tzdata|openssl' 'perl|-dev$|bundler|ruby-(test-unit|webrick|net-telnet|power-assert)|-doc$|libjs|fonts' \
	ruby ruby-jwt python3 python3-jwt python3-cryptography tzdata dash
mkdir -p "$work"/root/{dev,tmp,etc,srv}
# Where root may make no devices, files do for what is written and read there.
mknod -m 666 "$work/root/dev/null" c 1 3 || install -m 666 /dev/null "$work/root/dev/null"
mknod -m 666 "$work/root/dev/urandom" c 1 9 || head -c 1M /dev/urandom >"$work/root/dev/urandom"
cp /etc/hosts "$work/root/etc/"
rm -rf "$work"/root/usr/share/{doc,man,locale,lintian}
finish
