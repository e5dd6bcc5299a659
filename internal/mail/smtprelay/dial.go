package smtprelay

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"github.com/doorpost-auth/doorpost/internal/mail"
)

// errClearText says that mail would go where it must not go without TLS.
var errClearText = errors.New("mail is not sent there without TLS")

// checkClearText checks what can be told, before the name of the server is looked up,
// of sending to it without TLS.
func checkClearText(c Config, host string) error {
	ip, err := netip.ParseAddr(host)
	switch {
	case !c.Private && !mail.IsLoopback(host):
		return fmt.Errorf("tls off is for a server on this machine, and %s is another machine; use starttls or implicit, "+
			"or, for a relay in a private network, tls off private", host)
	case c.Private && err == nil && !isPrivate(ip):
		return fmt.Errorf("tls off private is for a server in a private network, and %s is not in one; use starttls or implicit", host)
	case c.Private && c.Username != "":
		return errors.New("tls off private would send username and password in clear; leave them out, or use starttls or implicit, with a CA file if the certificate needs it")
	}
	return nil
}

// isPrivate reports whether an address is in a private network (RFC 1918, RFC 4193) or
// on this machine.
func isPrivate(ip netip.Addr) bool {
	ip = ip.Unmap()
	return ip.IsPrivate() || ip.IsLoopback()
}

// dial connects to the server, with TLS if that comes first.
func (r *Relay) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	switch r.config.TLS {
	case ImplicitTLS:
		return (&tls.Dialer{Config: r.tls}).DialContext(ctx, network, addr)
	case NoTLS:
		return (&net.Dialer{Control: r.permit}).DialContext(ctx, network, addr)
	}
	return (&net.Dialer{}).DialContext(ctx, network, addr)
}

// permit is asked for each address that is about to be connected to, so that no answer
// of a name server leads a message out in clear.
func (r *Relay) permit(_, addr string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(addr)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %s is not an address", errClearText, addr)
	case r.config.Private && !isPrivate(to.Addr()):
		return fmt.Errorf("%w: tls off private is for a server in a private network, and %s is not in one; use starttls or implicit", errClearText, to.Addr())
	case !r.config.Private && !to.Addr().Unmap().IsLoopback():
		return fmt.Errorf("%w: tls off is for a server on this machine, and %s is another machine; use starttls or implicit", errClearText, to.Addr())
	}
	return nil
}

// closeAtOnce closes without the last exchange of a TLS connection.
func closeAtOnce(conn net.Conn) {
	if encrypted, ok := conn.(*tls.Conn); ok {
		conn = encrypted.NetConn()
	}
	_ = conn.Close()
}
