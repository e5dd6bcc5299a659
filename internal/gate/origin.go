package gate

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// Origin is the address of a site: scheme, host and port, as browsers write it in the
// Origin header (RFC 6454, section 6.1).
type Origin struct {
	scheme string
	host   string // lower case, without port
	port   string // empty for the scheme's own
}

// ParseOrigin checks an origin. One that is not https is refused unless it is
// loopback: anybody who sees an unencrypted link can use it.
func ParseOrigin(s string) (Origin, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return Origin{}, fmt.Errorf("%q is not an origin such as https://app.example.com", s)
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return Origin{}, fmt.Errorf("%q is not an origin such as https://app.example.com: it has a scheme, a host and, if need be, a port, nothing else", s)
	case strings.ContainsAny(u.Hostname(), "*{} \\"):
		return Origin{}, fmt.Errorf("%q is not an origin: it names one host", s)
	}
	o := Origin{scheme: u.Scheme, host: strings.ToLower(u.Hostname()), port: u.Port()}
	if o.port == defaultPort(o.scheme) {
		o.port = ""
	}
	if o.scheme != "https" && !o.IsLoopback() {
		return Origin{}, fmt.Errorf("%s is not https: sign-in links may be sent unencrypted on loopback only; use https, or behind a proxy that does TLS, set url https://%s", o, o.host)
	}
	return o, nil
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}

// String is the origin as browsers write it.
func (o Origin) String() string { return o.scheme + "://" + o.HostPort() }

// HostPort is the host, with the port if it is not the scheme's own.
func (o Origin) HostPort() string {
	host := o.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if o.port == "" {
		return host
	}
	return host + ":" + o.port
}

// Host is the host without port.
func (o Origin) Host() string { return o.host }

// Port is the port; empty for the scheme's own.
func (o Origin) Port() string { return o.port }

// IsSecure reports whether the origin is https.
func (o Origin) IsSecure() bool { return o.scheme == "https" }

// IsLoopback reports whether the origin is this machine: localhost, *.localhost
// (RFC 6761, section 6.3), 127.0.0.0/8, ::1.
func (o Origin) IsLoopback() bool {
	if o.host == "localhost" || strings.HasSuffix(o.host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(o.host)
	return err == nil && ip.IsLoopback()
}

// Origins are the addresses of a site.
type Origins struct {
	list   []Origin
	byHost map[string]int
}

// NewOrigins makes the origins of a site. It fails if the list is empty.
func NewOrigins(list []Origin) (Origins, error) {
	if len(list) == 0 {
		return Origins{}, errors.New("the site's address does not give its public origin; set it with url https://app.example.com")
	}
	o := Origins{byHost: make(map[string]int)}
	for _, origin := range list {
		if _, twice := o.byHost[origin.HostPort()]; twice {
			continue
		}
		o.byHost[origin.HostPort()] = len(o.list)
		o.list = append(o.list, origin)
	}
	return o, nil
}

// All lists the origins.
func (o Origins) All() []Origin { return o.list }

// Has reports whether a request's Host names one of them.
func (o Origins) Has(host string) bool {
	_, ok := o.find(host)
	return ok
}

// find returns the index of the origin that a request's Host names; false if it names
// none.
func (o Origins) find(host string) (int, bool) {
	if i, ok := o.byHost[host]; ok {
		return i, true
	}
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = host, ""
	}
	name = strings.ToLower(strings.Trim(name, "[]"))
	for i, origin := range o.list {
		if origin.host == name && (origin.port == port || origin.port == "" && port == defaultPort(origin.scheme)) {
			return i, true
		}
	}
	return 0, false
}
