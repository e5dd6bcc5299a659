#!/usr/bin/env bash
# Fetches the apps that tests put behind the gate: DokuWiki with PHP, Syncthing and
# Node.js as Debian has them, and with npm what apps/package-lock.json names; and nginx,
# which stands before it. See debian.sh.
set -euo pipefail
here=$(dirname "$0")
# shellcheck source=debian.sh
. "$here/debian.sh"

begin doorpost-apps "$here"/apps/package*.json
build='babel|webpack|terser|eslint|istanbul|core-js|browserslist|tape|^gyp$|regen|yargs|es-abstract' # what only makes npm
unpack 'lib[^:]*|zlib1g|node-.*|php.*-(common|geshi|xml|phpseclib|cli|opcache)|media-types' "perl|python|elogind|-dev$|php8.2-embed|mod-php|$build" \
	dokuwiki php8.2-fpm php-xml tzdata syncthing nodejs libnode108 npm nginx dash
# Caddy serves the files of DokuWiki, for which this folder is no root.
find "$work/root/usr/share/dokuwiki" -lname '/*' | while read -r link; do
	ln -rsnf "$work/root$(readlink "$link")" "$link"
done
mkdir -p "$work"/root/{data,dev,tmp,etc/ssl/certs,srv/apps}
# Where root may make no devices, files do for what is written and read there.
mknod -m 666 "$work/root/dev/null" c 1 3 || install -m 666 /dev/null "$work/root/dev/null"
mknod -m 666 "$work/root/dev/urandom" c 1 9 || head -c 1M /dev/urandom >"$work/root/dev/urandom"
cp /etc/resolv.conf /etc/hosts "$work/root/etc/"
cp /etc/ssl/certs/ca-certificates.crt "$work/root/etc/ssl/certs/"
cp "$here"/apps/package*.json "$work/root/srv/apps/"
# Node.js has certificates of its own, and knows none that this machine trusts beside them.
chroot "$work/root" sh -c 'cd /srv/apps && HOME=/tmp NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt node /usr/bin/npm ci --ignore-scripts --no-audit --no-fund'
rm -rf "$work"/root/usr/share/{doc,man,locale,lintian} "$work/root/tmp/.npm"
finish
