package mail

import "net/netip"

// IsLoopback reports whether a host, without its port, is this very machine:
// the name localhost, 127.0.0.0/8 or ::1. Only there mail and keys may travel
// without TLS. Other names are not looked up, and names below .localhost do
// not count, since not every resolver keeps them at home.
func IsLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
