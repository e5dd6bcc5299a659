package session

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"time"

	"github.com/doorpost-auth/doorpost/internal/keys"
)

// cookieVersion stands before the id, so that a later form can be told apart.
const cookieVersion = 1

// Lengths in bytes. What is signed is the time, the payload and the MAC: ten
// digits until the year 2286, base64, and a SHA-256, with a stroke between each.
// The value is base64 of that.
const (
	payloadLength = 1 + len(ID{})
	signedLength  = 10 + 1 + (payloadLength+2)/3*4 + 1 + sha256.Size
	valueLength   = (signedLength + 2) / 3 * 4
)

var oneSpelling = base64.URLEncoding.Strict()

// unspell returns what a value is the spelling of, if it is spelt as Issue spells.
// What is not is refused at next to no cost. And a value must have one spelling:
// otherwise base64 lets the last bits of a string vary and line ends stand
// anywhere, and a second spelling of a cookie could outlive the end of the first
// in a cache.
func unspell(value string) (signed [signedLength]byte, ok bool) {
	if len(value) != valueLength {
		return signed, false
	}
	var encoded, decoded [valueLength]byte
	copy(encoded[:], value)
	n, err := oneSpelling.Decode(decoded[:], encoded[:])
	return [signedLength]byte(decoded[:signedLength]), err == nil && n == signedLength
}

// Cookie signs and reads the session cookie of one scope. The scope is part of
// what is signed, so that a cookie of one site is worth nothing at another
// that has the same secret.
type Cookie struct {
	name     string
	scope    string
	signed   string   // the name under which the value is signed
	readBy   [16]byte // who can read the same values: a hash of this name, scope and secrets
	domain   string
	secure   bool
	lifetime time.Duration
	signer   Signer
	macs     macs
}

// CookieOptions says what kind of cookie a site has.
type CookieOptions struct {
	Scope    string        // the origin, or the cookie domain
	Domain   string        // the cookie domain, empty for a cookie of one host
	Secure   bool          // false on http://localhost only
	Lifetime time.Duration // the absolute limit of a session
}

// NewCookie makes the cookie of a scope. Its name says what the browser
// enforces (RFC 6265bis, section 4.1.3): __Host- for one host, __Secure- where
// a domain is given, neither on plain http, which only loopback may have.
func NewCookie(ring keys.Ring, o CookieOptions) *Cookie {
	c := &Cookie{name: "__Host-doorpost", scope: o.Scope, domain: o.Domain, secure: o.Secure, lifetime: o.Lifetime}
	switch {
	case !o.Secure:
		c.name = "doorpost"
	case o.Domain != "":
		c.name = "__Secure-doorpost"
	}
	c.signed = c.name + "|" + o.Scope
	c.signer = NewSigner(ring, keys.SessionCookie, o.Lifetime)
	c.macs = newMACs(ring, keys.SessionCookie, c.signed)
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

func (c *Cookie) blank() *http.Cookie {
	return &http.Cookie{
		Name: c.name, Path: "/", Domain: c.domain,
		Secure: c.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

// Read verifies a value and returns the id in it.
func (c *Cookie) Read(value string) (ID, bool) {
	signed, ok := unspell(value)
	if !ok || !c.macs.made(signed[:]) {
		return ID{}, false
	}
	payload, ok := c.signer.Open(c.signed, value)
	if !ok || len(payload) != payloadLength || payload[0] != cookieVersion {
		return ID{}, false
	}
	return ID(payload[1:]), true
}
