package gate

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Origin is the address of a site: scheme, host and port, as browsers write it in the
// Origin header (RFC 6454, section 6.1).
type Origin struct {
	scheme string
	host   string // lower case, without port
	port   string // empty for the scheme's own
}

// ParseOrigin checks an origin. One that is not https is refused unless it is
// loopback: anybody who sees an unencrypted link can use it. An international host gets
// the form that browsers send.
func ParseOrigin(s string) (Origin, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return Origin{}, fmt.Errorf("%q is not an origin such as https://app.example.com", s)
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return Origin{}, fmt.Errorf("%q is not an origin such as https://app.example.com: it has a scheme, a host and, if need be, a port, nothing else", s)
	case strings.ContainsAny(u.Hostname(), "*{} \\"):
		return Origin{}, fmt.Errorf("%q is not an origin: it names one host, or as https://*.example.com every host of one label under a domain", s)
	}
	host, err := asciiHost(u.Hostname())
	if err != nil {
		return Origin{}, fmt.Errorf("%q is not an origin: the name of its host cannot be: %w", s, err)
	}
	o := Origin{scheme: u.Scheme, host: host, port: u.Port()}
	if o.port == defaultPort(o.scheme) {
		o.port = ""
	}
	if o.scheme != "https" && !o.IsLoopback() {
		return Origin{}, fmt.Errorf("%s is not https: sign-in links may be sent unencrypted on loopback only; use https, or behind a proxy that does TLS, set url https://%s", o, o.host)
	}
	return o, nil
}

// international turns host names into what browsers look up, and takes none that
// DNS cannot have.
var international = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false), idna.VerifyDNSLength(true))

// asciiHost is a host in lower case, an international one in its xn-- form (UTS #46).
func asciiHost(host string) (string, error) {
	if strings.IndexFunc(host, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return strings.ToLower(host), nil
	}
	return international.ToASCII(host)
}

// anyLabel stands for the first label of the host in the origin of a wildcard site.
const anyLabel = "*."

// ParseSiteOrigin checks the origin of a site: one as ParseOrigin has it, or
// https://*.example.com, by which each host of one label under the domain is an origin
// of its own.
func ParseSiteOrigin(s string) (Origin, error) {
	scheme, host, _ := strings.Cut(s, "://")
	domain, wildcard := strings.CutPrefix(host, anyLabel)
	if !wildcard {
		return ParseOrigin(s)
	}
	o, err := ParseOrigin(scheme + "://any." + domain)
	if domain = strings.TrimPrefix(o.host, "any."); err != nil || domain == "" {
		_, err = ParseOrigin(s) // which names what was given
		return Origin{}, err
	}
	o.host = anyLabel + domain
	return o, nil
}

// IsWildcard reports whether it stands for many origins.
func (o Origin) IsWildcard() bool { return strings.HasPrefix(o.host, anyLabel) }

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
