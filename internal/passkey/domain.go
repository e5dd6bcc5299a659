package passkey

import (
	"cmp"
	"net/netip"
)

// Domain is what the passkeys of a host are for, their RP ID: the domain that it shares with
// other hosts, or if shared is empty, the host alone. ok is false for an IP address, since
// browsers have passkeys for names only.
func Domain(host, shared string) (rpID string, ok bool) {
	rpID = cmp.Or(shared, host)
	_, err := netip.ParseAddr(rpID)
	return rpID, err != nil
}
