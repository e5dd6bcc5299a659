package session

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/keys"
	"golang.org/x/net/publicsuffix"
)

// cookieVersion is the first byte of the payload, so that later versions can differ.
const cookieVersion = 1

// Lengths in bytes. A signed value is time|payload|MAC: ten digits until the year
// 2286, base64, and a SHA-256. The cookie's value is base64 of that.
const (
	payloadLength = 1 + len(ID{})
	signedLength  = 10 + 1 + (payloadLength+2)/3*4 + 1 + sha256.Size
	valueLength   = (signedLength + 2) / 3 * 4
)

var oneSpelling = base64.URLEncoding.Strict()

// isSpeltAsIssued reports whether a value has the length and the base64 of one that
// Issue makes. It turns garbage away at next to no cost. And it leaves each cookie
// one spelling: base64 lets the last bits of a string vary and line ends stand
// anywhere, and a second spelling of a cookie could outlive the end of the first
// in a cache.
func isSpeltAsIssued(value string) bool {
	if len(value) != valueLength {
		return false
	}
	var encoded, decoded [valueLength]byte
	copy(encoded[:], value)
	n, err := oneSpelling.Decode(decoded[:], encoded[:])
	return err == nil && n == signedLength
}

// Cookie signs and reads the session cookie of one scope. The scope is signed with
// the value, so that the cookie of one site is worthless at another that has the
// same secret.
type Cookie struct {
	name     string
	scope    string
	signed   string   // the name under which the value is signed
	readBy   [16]byte // a hash of name, scope and secrets: equal for cookies that read the same values
	domain   string
	secure   bool
	lifetime time.Duration
	signer   Signer
}

// CookieOptions are the properties of a site's cookie.
type CookieOptions struct {
	Scope    string        // the origin, or the cookie domain
	Domain   string        // the cookie domain, empty for a cookie of one host
	Port     string        // of the origin, empty for the scheme's own: cookies do not know ports, so the name does
	Secure   bool          // false on http://localhost only
	Lifetime time.Duration // the absolute limit of a session
}

// NewCookie makes the cookie of a scope. Its name says what the browser
// enforces (RFC 6265bis, section 4.1.3): __Host- for one host, __Secure- if a
// domain is given, neither on plain http, which only loopback may use.
func NewCookie(ring keys.Ring, o CookieOptions) *Cookie {
	c := &Cookie{name: "__Host-doorpost", scope: o.Scope, domain: o.Domain, secure: o.Secure, lifetime: o.Lifetime}
	switch {
	case !o.Secure:
		c.name = "doorpost"
	case o.Domain != "":
		c.name = "__Secure-doorpost"
	}
	if o.Port != "" && o.Domain == "" {
		c.name += "-" + o.Port
	}
	c.signed = c.name + "|" + o.Scope
	c.signer = NewSigner(ring, keys.SessionCookie, o.Lifetime)
	readBy := sha256.Sum256([]byte(c.signed + "|" + ring.Fingerprint()))
	c.readBy = [16]byte(readBy[:16])
	return c
}

// Name is the name of the cookie.
func (c *Cookie) Name() string { return c.name }

// Scope is the origin, or the cookie domain, that the cookie is good for.
func (c *Cookie) Scope() string { return c.scope }

// Issue makes the cookie for a new session.
func (c *Cookie) Issue(id ID) (*http.Cookie, error) {
	value, err := c.signer.Sign(c.signed, append([]byte{cookieVersion}, id[:]...))
	if err != nil {
		return nil, fmt.Errorf("signing the session cookie: %w", err)
	}
	cookie := c.blank()
	cookie.Value = value
	cookie.MaxAge = int(c.lifetime / time.Second)
	return cookie, nil
}

// Clear makes the cookie that removes the session cookie from the browser.
func (c *Cookie) Clear() *http.Cookie {
	cookie := c.blank()
	cookie.MaxAge = -1
	return cookie
}

// ClearElsewhere makes the cookies that remove what a browser sent under the name
// from anywhere but the cookie's own place: from the host and each domain above it
// up to the registrable one, and from each path that leads to the one given. Under
// the prefix __Host- there is one place only.
func (c *Cookie) ClearElsewhere(host, path string) (cleared []*http.Cookie) {
	if strings.HasPrefix(c.name, "__Host-") {
		return nil
	}
	for _, domain := range domainsAbove(host) {
		for _, p := range pathsAbove(path) {
			if domain == c.domain && p == "/" {
				continue
			}
			cookie := c.Clear()
			cookie.Domain, cookie.Path = domain, p
			cleared = append(cleared, cookie)
		}
	}
	return cleared
}

// domainsAbove are the domains that a cookie which reaches a host may have, none
// (for the host alone) among them.
func domainsAbove(host string) []string {
	domains := []string{""}
	registrable, err := publicsuffix.EffectiveTLDPlusOne(host)
	if _, notIP := netip.ParseAddr(host); err != nil || notIP == nil {
		return domains
	}
	for domain := host; ; {
		if domains = append(domains, domain); domain == registrable {
			return domains
		}
		_, domain, _ = strings.Cut(domain, ".")
	}
}

// maxPaths bounds pathsAbove: deeper paths are nobody's for a cookie.
const maxPaths = 16

// pathsAbove are the paths that a cookie which is sent with a path may have (RFC
// 6265, section 5.1.4).
func pathsAbove(path string) []string {
	paths := []string{"/"}
	if path == "/" || !strings.HasPrefix(path, "/") || strings.Contains(path, ";") {
		return paths
	}
	for i := 1; i < len(path) && len(paths) < maxPaths; i++ {
		if path[i] == '/' {
			paths = append(paths, path[:i], path[:i+1])
		}
	}
	if !strings.HasSuffix(path, "/") {
		paths = append(paths, path)
	}
	return paths
}

func (c *Cookie) blank() *http.Cookie {
	return &http.Cookie{
		Name: c.name, Path: "/", Domain: c.domain,
		Secure: c.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

// Read verifies a value and returns the id in it.
func (c *Cookie) Read(value string) (ID, bool) {
	if !isSpeltAsIssued(value) {
		return ID{}, false
	}
	payload, ok := c.signer.Open(c.signed, value)
	if !ok || len(payload) != payloadLength || payload[0] != cookieVersion {
		return ID{}, false
	}
	return ID(payload[1:]), true
}
