#!/usr/bin/env bash
# Fetches the mail servers that tests send through: postfix.go, exim.go and
# opensmtpd.go beside this file. See debian.sh.
set -euo pipefail
# shellcheck source=debian.sh
. "$(dirname "$0")/debian.sh"

begin doorpost-mailservers
# OpenSMTPD starts what delivers by sh, of dash.
unpack 'lib[^:]*|zlib1g' 'perl|python|systemd|crypt-?setup|modules' postfix exim4-daemon-light opensmtpd dash
rm -rf "$work"/root/{etc,var,usr/share,usr/include} "$work"/root/usr/lib/*/gconv
finish
