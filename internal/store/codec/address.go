package codec

import (
	"slices"

	"github.com/doorpost-auth/doorpost/internal/signin"
)

// Address is what an address has open. It is kept until the last of it is over.
type Address struct {
	Links    []OpenLink    `cbor:"1,keyasint,omitempty"`
	Sessions []OpenSession `cbor:"2,keyasint,omitempty"` // the last one made last
	Blocked  int64         `cbor:"4,keyasint,omitempty"` // until then an address with a tag counts as one that does not exist, see Mailbox
}

// OpenLink is a link that nobody has used. One that is not among those of its
// address was used, or ended with another; one that is too old stays among them
// for as long as it is remembered.
type OpenLink struct {
	Key     signin.LinkKey `cbor:"1,keyasint"`
	Expires int64          `cbor:"2,keyasint"`
	Purpose signin.Purpose `cbor:"3,keyasint,omitempty"`

	Familiar bool `cbor:"4,keyasint,omitempty"` // a browser asked for it that was familiar to the reader
	Promised bool `cbor:"5,keyasint,omitempty"` // no browser asked for it
}

// End is when all of it is over, 0 if that is so already. Links count until they
// are forgotten.
func (a *Address) End() int64 {
	end := a.Blocked
	for _, l := range a.Links {
		end = max(end, l.Expires+signin.Remembered.Milliseconds())
	}
	for _, s := range a.Sessions {
		end = max(end, s.Expires)
	}
	return end
}

// Prune drops what is over.
func (a *Address) Prune(now int64) {
	a.Links = slices.DeleteFunc(a.Links, func(l OpenLink) bool { return l.Expires+signin.Remembered.Milliseconds() <= now })
	a.Sessions = slices.DeleteFunc(a.Sessions, func(s OpenSession) bool { return s.Expires <= now })
}

// HasOpen reports whether a link is open.
func (a *Address) HasOpen(link signin.LinkKey) bool {
	return slices.ContainsFunc(a.Links, func(l OpenLink) bool { return l.Key == link })
}

// Close takes links out of those that are open, and returns how many.
func (a *Address) Close(which func(OpenLink) bool) (closed int) {
	before := len(a.Links)
	a.Links = slices.DeleteFunc(a.Links, which)
	return before - len(a.Links)
}
