package signin

import (
	"crypto/rand"
	"crypto/sha256"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/people"
)

// Browser marks the browser that asked: 128 random bits, in the request cookie.
type Browser [16]byte

// NewBrowser makes the mark of a browser that has none.
func NewBrowser() Browser {
	var b Browser
	rand.Read(b[:]) // never fails, see crypto/rand
	return b
}

// Key is what the store knows of the mark. The zero mark has the zero key,
// which no request has.
func (b Browser) Key() BrowserKey {
	if b == (Browser{}) {
		return BrowserKey{}
	}
	sum := sha256.Sum256(b[:])
	return BrowserKey(sum[:16])
}

// Site is where somebody signs in.
type Site struct {
	Origin string // https://app.example.com
	Name   string // the first of its origins, which grants name
	Rules  Rules
}

// Rules decide who may come in.
type Rules interface {
	Admits(who address.Address, s *people.Standing) bool
	// Admission is how they decide, for a step that knows the standing.
	Admission(who address.Address) people.Admission
	// Owners are the people to ask for access; none where nobody may ask.
	Owners() []address.Address
	// Fingerprint changes whenever an answer may have changed that does not come
	// from the standing.
	Fingerprint() string
}

// Limits bounds how often somebody may ask.
type Limits struct {
	Mailbox limit.Rule // messages to one mailbox
	Client  limit.Rule // requests of one network
	Total   limit.Rule // messages in all; a fifth is for browsers in which their reader has signed in before
}

// Reserve is how many of all messages are for signing in, in familiar browsers.
func (l Limits) Reserve() int { return l.Total.Max / 5 }
