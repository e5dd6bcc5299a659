package mail

import "net/netip"

// IsLoopback reports whether a host, without its port, is this machine: the name
// localhost, 127.0.0.0/8 or ::1. Only there mail and keys may be sent without TLS.
// Other names are not looked up, and names below .localhost do not count, since some
// resolvers ask the network for them.
func IsLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
